"""How results look: text, Markdown, LaTeX, JSON, CSV, pictures. A view formats what it is given; loading one loads no solver."""
