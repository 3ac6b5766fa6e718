"""The rows, one file each: the triple or the decoder, the triple through exemplars, random members, questions."""
