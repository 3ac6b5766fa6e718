"""Writes Qt resource files, from the description of their format."""

from __future__ import annotations

import struct
import zlib


def qres(files, version=3, flags=None, tree=None):
    """A resource file: path -> bytes. `flags` packs all files; `tree` changes the nodes before they are written."""
    nodes, names, data = [["", None, []]], b"", b""
    for path, content in files.items():
        at = 0
        *folders, last = path.strip("/").split("/")
        for name in folders:
            known = {nodes[k][0]: k for k in nodes[at][2] or []}
            if name not in known:
                nodes[at][2].append(len(nodes))
                nodes.append([name, None, []])
                known[name] = len(nodes) - 1
            at = known[name]
        nodes[at][2].append(len(nodes))
        nodes.append([last, content, None])
    # children lie side by side: breadth first
    order, waiting = [], [0]
    place = {}
    while waiting:
        k = waiting.pop(0)
        place[k] = len(order)
        order.append(k)
        waiting += nodes[k][2] or []
    raw = []
    for k in order:
        name, content, children = nodes[k]
        name_at = len(names)
        names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
        if children is not None:
            first = place[children[0]] if children else 0
            raw.append([name_at, 2, len(children), first])
        else:
            packed = content
            if flags == 1:
                packed = struct.pack(">I", len(content)) + zlib.compress(content)
            raw.append([name_at, flags or 0, 0, len(data)])
            data += struct.pack(">I", len(packed)) + packed
    if tree:
        tree(raw)
    layout = b"".join(
        struct.pack(">IHII", *node) + (b"" if version == 1 else bytes(8)) for node in raw
    )
    head = 24 if version == 3 else 20
    where = (head + len(data) + len(names), head, head + len(data))
    numbers = struct.pack(">4I", version, where[0], where[1], where[2])
    return b"qres" + numbers + bytes(head - 20) + data + names + layout
