"""Who made a picture: Debian's copyright files, READMEs of that form, KDE's descriptions."""

from __future__ import annotations

import json

import pytest

pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

from trompe.empirical.imagenet.notices import Notice, kde_notice, notices, read_notices

DEBIAN = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: pictures

Files: *
Copyright: 2010 by Everybody <all@example.org>
           2011 Others
License: GPL-3+

Files: nature/Aqua.jpg
       nature/Storm?.jpg
Copyright: 2008, Jane Doe <jane@example.org>
License: CC-BY-4.0
Comment: https://example.org/aqua

Files: 16.04/*_by_Bolly.jpg
Copyright: "Bolly", 2018
License: CC0-1.0

Files: 16.04/wine.jpg
Copyright: *No copyright*
License: public-domain

Files: old/Aqua.jpg
Copyright: (c) 2001-2006 John Roe (john@example.org)
License: GPL-2

License: GPL-3+
 Files: of this text are none
"""
README = """Copyright: Dan / Commons
License: CC-BY-SA 4.0
Source: https://example.org/File:A.jpg
Files:
usa/a.webp

Copyright: 2000, 2008 Bruno and others
License: CC-BY 4.0
castle_0.webp
castle_background.webp
Comment: based on a photo
"""


@pytest.mark.parametrize(
    ("name", "author", "licence"),
    [
        ("usr/share/backgrounds/mate/nature/Aqua.jpg", "Jane Doe", "CC-BY-4.0"),
        ("x/nature/Storm2.jpg", "Jane Doe", "CC-BY-4.0"),
        ("x/old/Aqua.jpg", "John Roe", "GPL-2"),
        ("usr/share/backgrounds/16.04/dragon_by_Bolly.jpg", '"Bolly"', "CC0-1.0"),
        ("usr/share/backgrounds/wine.jpg", "", "public-domain"),  # Debian left the folder out
    ],
)
def test_a_copyright_file_names_the_author_of_a_file(name, author, licence):
    found = notices(DEBIAN).of(name)
    assert (found.author, found.licence) == (author, licence)


def test_what_is_said_of_everything_is_said_of_no_picture():
    listed = notices(DEBIAN)
    assert listed.of("nature/Sun.jpg") is None
    assert listed.of("elsewhere/Aqua.jpg") is None  # two files have this name
    assert listed.of("nature/aqua.jpg") is None
    assert listed.of("nature/Storm12.jpg") is None
    assert listed.of("these") is None


def test_a_readme_is_read_too():
    listed = notices(README)
    dan = listed.of("/explore/usa/a.webp")
    assert dan == Notice("Dan / Commons", "CC-BY-SA 4.0", "https://example.org/File:A.jpg")
    assert dan.series == "dan"
    castle = listed.of("/details/castle_background.webp")
    assert castle == Notice("Bruno and others", "CC-BY 4.0", "based on a photo")


@pytest.mark.parametrize(
    ("licence", "may"),
    [
        ("CC0-1.0", True), ("CC-BY-4.0", True), ("CC-BY 2.0", True), ("Public Domain", True), ("public-domain", True),
        ("CC-BY-SA-4.0", False), ("CC-BY-SA 4.0", False), ("CC-BY-NC-2.0", False), ("CC-BY-ND 3.0", False),
        ("GPL-2+", False), ("see CC0-1.0", False), ("", False),
    ],
)  # fmt: skip
def test_what_a_figure_may_show(licence, may):
    assert Notice("A", licence).may_be_shown is may


def test_kde_says_it_in_two_ways(tmp_path):
    lines = tmp_path / "bridge.desktop"
    lines.write_text(
        "[Desktop Entry]\nX-KDE-PluginInfo-Author=Derek\nX-KDE-PluginInfo-License=Public Domain\n"
    )
    assert kde_notice(lines) == Notice("Derek", "Public Domain")
    metadata = tmp_path / "metadata.json"
    plugin = {"Authors": [{"Name": "Maciej"}], "License": "LGPLv3"}
    metadata.write_text(json.dumps({"KPlugin": plugin}))
    assert kde_notice(metadata) == Notice("Maciej", "LGPLv3")
    for text in ("", "[]", "{}", '{"KPlugin": {"Authors": []}}', "\0"):
        metadata.write_text(text)
        assert kde_notice(metadata) is None
        lines.write_text(text)
        assert kde_notice(lines) is None
    assert kde_notice(tmp_path / "no.desktop") is None
    assert read_notices(tmp_path / "no").listed == ()
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    assert read_notices(tmp_path / "bytes").listed == ()
