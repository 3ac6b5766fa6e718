"""The figures in Chromium: dragged with the pointer and the keys, at two widths, and held against exact values."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import pytest

from trompe.constructions.catalogue import construction, example, row_of, triple
from trompe.theory import ROWS, InvalidInput, Visualization

pytestmark = pytest.mark.once
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
GRID, ETA = 16, Fraction(1, 10)
WIDTHS = (360, 1280)


@pytest.fixture(scope="module")
def browser(site):
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("chromium and chromium-driver, Debian's packages, are not installed")
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def opened(browser, site: Path, page: str, width: int) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(f"{site.as_uri()}/{page}")


def told(browser) -> dict[str, str]:
    """What the figure says in words, by name."""
    return browser.execute_script(
        "return Object.fromEntries([...document.querySelectorAll('.trompe-figure [data-value]')]"
        ".map(e => [e.dataset.value, e.textContent]))"
    )


def state(browser) -> tuple[int, dict[str, list[int]], float | None, list[str]]:
    return tuple(
        browser.execute_script(
            "const f = document.querySelector('.trompe-figure').figure;"
            "return [f.dim, f.points, f.constant, [f.example.m, f.example.M]]"
        )
    )


def expected(row: str, browser) -> dict[str, str]:
    """The same from the package, in exact fractions."""
    dim, steps, constant, ends = state(browser)
    made = example(row, dim)
    cls = row_of(row).recordable(made.cls)
    bends = "link" in cls.parameters()  # a neuron's figure shows values on both sides of 0
    began = (Fraction(-1, 4), Fraction(3, 4)) if bends else (made.v.minimum, made.v.maximum)
    assert tuple(map(Fraction, ends)) == began
    if constant is not None:
        cls = type(cls)(Fraction(constant), cls.metric)
    a, b, x = (tuple(Fraction(k, GRID) for k in steps[name]) for name in "abx")
    low, high = map(Fraction, ends)
    try:
        v = Visualization(a, b, low, high)
        cls.check_visualization(v)
    except InvalidInput as error:
        return {"refused": f"No member shows this: {error}"}
    data = getattr(cls, "data", None)
    known = dict(zip(data.inputs, data.labels, strict=True)) if data else {}
    known |= {b: high, a: low}
    if x in known:
        return {"shown": str(known[x])}
    if construction(row) is None:
        return {"f": str(row_of(row).decoder(cls)(v, x))}
    pair = triple(cls, v, x).pair(ETA)
    found = cls.envelope(v, x)
    return {
        "W": str(found.lower),
        "U": str(found.upper),
        "f": str(pair.f_x),
        "g": str(pair.g_x),
        "gap": str(pair.gap),
    }


def agrees(row: str, browser) -> None:
    says, right = told(browser), expected(row, browser)
    assert {name: says.get(name) for name in right} == right, (row, state(browser))


def drag(browser, handle: str, dx: int, dy: int) -> None:
    from selenium.webdriver import ActionChains

    mark = browser.find_element("css selector", f".trompe-figure [data-handle={handle}] .reach")
    browser.execute_script(
        "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", mark
    )
    ActionChains(browser, duration=20).click_and_hold(mark).move_by_offset(
        dx, dy
    ).release().perform()


def press(browser, handle: str, *keys: str) -> None:
    browser.execute_script(
        "const [name, keys] = arguments; for (const key of keys) {"
        " const at = document.querySelector(`.trompe-figure [data-handle=${name}]`); at.focus();"
        " at.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true})); }",
        handle,
        keys,
    )


def errors(browser) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def test_the_figure_of_every_row_follows_the_pointer_and_the_keys(browser, site):
    seen = set()
    for row in ROWS:
        opened(browser, site, f"atlas/{row}/index.html", 1280)
        dims = browser.execute_script(
            "return Object.keys(document.querySelector('.trompe-figure').figure.programs)"
        )
        for dim in map(int, dims):
            browser.execute_script(f"document.querySelector('.trompe-figure').figure.open({dim})")
            agrees(row, browser)
            before = state(browser)[1]["x"]
            drag(browser, "x", -70, -40)
            assert state(browser)[1]["x"] != before, (row, dim)
            agrees(row, browser)
            for handle, keys in (
                ("x", ["ArrowLeft", "ArrowUp"]),
                ("a", ["ArrowRight", "ArrowRight", "ArrowDown"]),
                ("b", ["ArrowLeft", "ArrowLeft", "ArrowUp"]),
            ):
                press(browser, handle, *keys)
                agrees(row, browser)
                assert (
                    browser.execute_script("return document.activeElement.dataset.handle") == handle
                )
            seen |= {(row, dim), *told(browser)}
        assert errors(browser) == []
    assert {"refused", "f", "gap"} <= seen
    assert len([key for key in seen if isinstance(key, tuple)]) == 24


def test_a_wrong_value_would_be_noticed(browser, site):
    opened(browser, site, "atlas/convex/index.html", 1280)
    browser.execute_script(
        "const f = document.querySelector('.trompe-figure').figure;"
        "const at = f.program.nodes.findIndex(([op]) => op === 'div'); f.program.nodes[at][0] = 'mul'; f.refresh()"
    )
    with pytest.raises(AssertionError):
        agrees("convex", browser)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "page",
    [
        "index.html",
        "atlas/index.html",
        "atlas/convex/side/index.html",
        "experiments/index.html",
        "docs/theory.html",
        "docs/bound.html",
        "interface/trompe.html",
        "search.html?q=convex",
    ],
)
def test_a_page_fits_its_width_without_complaint(browser, site, page, width, tmp_path):
    opened(browser, site, page, width)
    wide = browser.execute_script("return document.documentElement.scrollWidth")
    assert wide <= width
    assert errors(browser) == []
    assert browser.save_screenshot(str(tmp_path / "page.png"))


def test_one_click_copies_the_bibliography_entry(browser, site):
    opened(browser, site, "atlas/convex/side/index.html", 1280)
    assert (
        browser.execute_script(
            "return [...document.querySelectorAll('#cite .highlight button.copybtn')].length"
        )
        == 1
    )


def test_what_is_told_changes_with_eta(browser, site):
    opened(browser, site, "atlas/convex/index.html", 1280)
    browser.execute_script(
        "const at = document.querySelector('[data-slider=eta]'); at.value = 19; at.dispatchEvent(new Event('input'))"
    )
    says = told(browser)
    assert says["eta"] == "19/20" and says["side"].startswith("no answer is right for every member")
    assert "mixes in too much of B" in says["side"]


def test_the_figure_is_used_with_the_keys_alone(browser, site):
    from selenium.webdriver import ActionChains, Keys

    opened(browser, site, "atlas/convex/index.html", 1280)
    button = browser.find_element("css selector", ".trompe-figure button")
    browser.execute_script("arguments[0].focus()", button)
    for handle, key, moved in (
        ("a", Keys.ARROW_RIGHT, 5),
        ("b", Keys.ARROW_LEFT, 15),
        ("x", Keys.ARROW_LEFT, 13),
    ):
        ActionChains(browser).send_keys(Keys.TAB, key).perform()
        assert state(browser)[1][handle] == [moved]
    agrees("convex", browser)
    browser.execute_script("arguments[0].focus()", button)
    ActionChains(browser).send_keys(Keys.ENTER).perform()
    assert state(browser)[1] == {"a": [4], "b": [16], "x": [14]}
    assert browser.execute_script("return document.activeElement.tagName") == "BUTTON"


def test_the_figure_is_dragged_with_a_finger(browser, site):
    opened(browser, site, "atlas/convex/index.html", 360)
    at = browser.execute_script(
        "const at = document.querySelector('.trompe-figure [data-handle=x] .reach');"
        "at.scrollIntoView({block: 'center', behavior: 'instant'});"
        "const box = at.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]"
    )
    for kind, by in (("touchStart", 0), ("touchMove", -30), ("touchMove", -60), ("touchEnd", None)):
        points = [] if by is None else [{"x": at[0] + by, "y": at[1]}]
        browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert state(browser)[1]["x"][0] < 12
    agrees("convex", browser)
