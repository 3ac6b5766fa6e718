"""Which images go in? Folders of pictures, IDX files, arrays and streams, read and checked."""
