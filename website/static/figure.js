// The interactive figure of a row. All values come from the row's program (constructions/programs.py), which is a record of
// trompe's own formulas: exact fractions for what is told in words, floats for what is drawn.
"use strict";
(() => {
  // -- two kinds of numbers --------------------------------------------------------------------------------
  const gcd = (a, b) => { while (b) [a, b] = [b, a % b]; return a < 0n ? -a : a; };
  const ratio = (top, below) => {
    if (below === 0n) throw new Error("division by 0");
    const by = gcd(top, below) * (below < 0n ? -1n : 1n);
    return [top / by, below / by];
  };
  const FRACTIONS = {
    number: (text) => { const [top, below] = text.split("/"); return ratio(BigInt(top), BigInt(below ?? 1)); },
    add: (a, b) => ratio(a[0] * b[1] + b[0] * a[1], a[1] * b[1]),
    sub: (a, b) => ratio(a[0] * b[1] - b[0] * a[1], a[1] * b[1]),
    mul: (a, b) => ratio(a[0] * b[0], a[1] * b[1]),
    div: (a, b) => ratio(a[0] * b[1], a[1] * b[0]),
    abs: (a) => [a[0] < 0n ? -a[0] : a[0], a[1]],
    max: (a, b) => (FRACTIONS.lt(a, b) ? b : a),
    min: (a, b) => (FRACTIONS.lt(b, a) ? b : a),
    lt: (a, b) => a[0] * b[1] < b[0] * a[1],
    eq: (a, b) => a[0] === b[0] && a[1] === b[1],
    text: (a) => (a[1] === 1n ? `${a[0]}` : `${a[0]}/${a[1]}`),
  };
  const FLOATS = {
    number: (text) => { const [top, below] = text.split("/"); return Number(top) / Number(below ?? 1); },
    add: (a, b) => a + b, sub: (a, b) => a - b, mul: (a, b) => a * b, div: (a, b) => a / b,
    abs: Math.abs, max: Math.max, min: Math.min, lt: (a, b) => a < b, eq: (a, b) => a === b, text: String,
  };

  // -- programs ----------------------------------------------------------------------------------------------
  // `inputs` are numbers by name. A node is computed when it is asked for, and once; forget() keeps what z does not touch.
  function machine(program, kind, inputs) {
    const memo = [];
    const touched = program.nodes.map(([op, ...rest]) =>
      op === "in" ? rest[0][0] === "z" : false);
    program.nodes.forEach(([op, ...rest], i) => {
      if (op !== "in" && op !== "number") touched[i] = rest.some((place) => touched[place]);
    });
    const at = (i) => {
      if (memo[i] === undefined) {
        const [op, ...rest] = program.nodes[i];
        memo[i] = op === "in" ? inputs[rest[0]] : op === "number" ? kind.number(rest[0]) : kind[op](...rest.map(at));
      }
      return memo[i];
    };
    const leaf = (tree) => {
      while (tree.if) { const [op, a, b] = tree.if; tree = kind[op](at(a), at(b)) ? tree.yes : tree.no; }
      return tree;
    };
    const end = () => {
      for (const stage of program.stages) { const found = leaf(stage); if (Object.keys(found).length) return found; }
      throw new Error("the program has no end");
    };
    const forget = () => touched.forEach((is, i) => { if (is) memo[i] = undefined; });
    return { at, leaf, end, forget, text: (says) => says.replace(/\{(\d+)\}/g, (_, i) => kind.text(at(Number(i)))) };
  }

  // {refused}, {shown: value} or the OUTPUTS at the inputs' z.
  function run(program, kind, inputs) {
    const of = machine(program, kind, inputs);
    const end = of.end();
    if (end.refused !== undefined) return { refused: of.text(end.refused) };
    if (end.shown !== undefined) return { shown: of.at(end.shown) };
    return Object.fromEntries(Object.entries(end.out).map(([name, place]) => [name, of.at(place)]));
  }

  // Is one answer of this task right for all values from low to high?
  const decidable = (program, kind, task, inputs, low, high) =>
    machine(program, kind, { ...inputs, low, high }).leaf(program.tasks[task]).decidable;

  if (typeof module !== "undefined") { module.exports = { FRACTIONS, FLOATS, run, decidable }; return; }

  // -- the page ------------------------------------------------------------------------------------------------
  const GRID = 16, CELLS = 24, SAMPLES = 256, LEFT = 60, WIDE = 312, SVG = "http://www.w3.org/2000/svg";
  const NAMES = { a: "argmin a", b: "argmax b", x: "query x" };
  const say = (values) => (values.length === 1 ? values[0] : `(${values.join(", ")})`);

  function draw(tag, attributes, parent, text) {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    parent.append(made);
    return made;
  }
  function put(tag, attributes, parent, text) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    parent.append(made);
    return made;
  }

  class Figure {
    constructor(root, programs) {
      this.root = root;
      this.programs = programs;
      this.task = root.dataset.task;
      root.replaceChildren();
      this.controls = put("div", { class: "controls" }, root);
      this.plots = put("div", { class: "plots" }, root);
      this.strip = draw("svg", { viewBox: "0 0 400 56", class: "strip", role: "img" }, root);
      this.hint = put("p", { class: "hint" }, root);
      this.told = put("div", { class: "told", "aria-live": "polite" }, root);
      this.open(Math.min(...Object.keys(programs).map(Number)));
    }

    open(dim) {
      const { program, example } = this.programs[dim];
      Object.assign(this, { dim, program, example, eta: 2, constant: null });
      this.points = Object.fromEntries(["a", "b", "x"].map((n) => [n, [...example[n]]]));
      if (example.L) this.constant = FLOATS.number(example.L);
      this.control();
      this.refresh();
    }

    control() {
      this.controls.replaceChildren();
      const dims = Object.keys(this.programs);
      if (dims.length > 1) {
        const box = put("fieldset", {}, this.controls);
        put("legend", {}, box, "inputs");
        for (const d of dims) {
          const label = put("label", {}, box);
          const radio = put("input", { type: "radio", name: `dims-${this.root.dataset.row}`, value: d }, label);
          radio.checked = Number(d) === this.dim;
          radio.addEventListener("change", () => { this.open(Number(d)); this.controls.querySelector("input:checked").focus(); });
          label.append(` d = ${d}`);
        }
      }
      const slide = (name, least, most, step, value, changed) => {
        const label = put("label", {}, this.controls, `${name} `);
        const range = put("input", { type: "range", min: least, max: most, step, value, "data-slider": name }, label);
        const tell = () => range.setAttribute("aria-valuetext", FRACTIONS.text(this.inputs(FRACTIONS)[name]));
        range.addEventListener("input", () => { changed(Number(range.value)); tell(); this.refresh(); });
        tell();
      };
      if (!this.example.only) slide("eta", 1, 19, 1, this.eta, (value) => { this.eta = value; });
      if (this.constant !== null) slide("L", 0.25, 4, 0.25, this.constant, (value) => { this.constant = value; });
      const again = put("button", { type: "button" }, this.controls, "Start again");
      again.addEventListener("click", () => { this.open(this.dim); this.controls.querySelector("button").focus(); });
    }

    // Numbers by name, of one kind; x and z are given where they are not the query itself.
    inputs(kind, at = {}) {
      const q = (top, below) => kind.number(`${top}/${below}`);
      const found = { m: kind.number(this.example.m), M: kind.number(this.example.M), eta: q(this.eta, 20) };
      if (this.constant !== null) found.L = q(this.constant * 4, 4);
      for (const name of "abxz") {
        const point = at[name] ?? this.points[name === "z" ? "x" : name].map((k) => q(k, GRID));
        point.forEach((value, i) => { found[`${name}${i + 1}`] = value; });
      }
      return found;
    }

    refresh() {
      const grey = this.example.only ? "" : "Grey: the values that members can have. ";
      this.hint.textContent = `${grey}Drag a, b and x, or go there with Tab and use the arrow keys.`;
      const exact = this.inputs(FRACTIONS);
      const found = run(this.program, FRACTIONS, exact);
      const focused = document.activeElement?.closest?.("[data-handle]");
      const place = focused && this.root.contains(focused) ? [focused.dataset.handle, focused.ownerSVGElement.dataset.of] : null;
      this.plots.replaceChildren();
      if (this.dim === 1) this.line(found); else this.squares(found);
      this.scale(found);
      this.tell(found, exact);
      if (place) this.plots.querySelector(`[data-of="${place[1]}"] [data-handle="${place[0]}"]`)?.focus({ preventScroll: true });
    }

    // -- what is drawn ------------------------------------------------------------------------------------------
    height(value) {
      const [low, high] = this.range();
      return 20 + 160 * (1 - (value - low) / (high - low));
    }
    range() {
      const low = FLOATS.number(this.example.m), high = FLOATS.number(this.example.M);
      return low === high ? [low - 0.5, high + 0.5] : [low, high];
    }

    line(found) {
      const svg = draw("svg", { viewBox: "0 0 400 250", "data-of": "line", role: "group",
        "aria-label": this.example.only ? "f over the input z" : "f and g over the input z" }, this.plots);
      const across = (z) => LEFT + WIDE * z, back = (px) => [(px - LEFT) / WIDE], { m, M } = this.example;
      draw("path", { d: `M${LEFT} 180h${WIDE}M${LEFT} 20h${WIDE}`, class: "frame" }, svg);
      draw("path", { d: `M${LEFT} 100h${WIDE}`, class: "mid" }, svg);
      const ends = m === M ? [[104, `m = ${m}`]] : [[184, `m = ${m}`], [104, "mid"], [24, `M = ${M}`]];
      for (const [y, says] of ends) draw("text", { x: LEFT - 12, y, "text-anchor": "end" }, svg, says);
      if (!found.refused) {
        const top = [], bottom = [];
        for (let k = 0; k <= SAMPLES; k++) {
          const z = k / SAMPLES, here = run(this.program, FLOATS, this.inputs(FLOATS, { x: [z], z: [z] }));
          if (here.shown !== undefined) continue;
          top.push(`${across(z)},${this.height(here.U)}`);
          bottom.unshift(`${across(z)},${this.height(here.W)}`);
        }
        draw("polygon", { points: [...top, ...bottom].join(" "), class: "envelope" }, svg);
      }
      if (found.f) {
        const of = machine(this.program, FLOATS, this.inputs(FLOATS));
        const { out } = of.end();
        for (const name of this.example.only ? ["f"] : ["f", "g"]) {
          const inputs = this.inputs(FLOATS), trace = machine(this.program, FLOATS, inputs);
          const parts = [];
          for (let k = 0; k <= SAMPLES; k++) {
            inputs.z1 = k / SAMPLES;
            trace.forget();
            parts.push(`${across(inputs.z1)},${this.height(trace.at(out[name]))}`);
          }
          draw("polyline", { points: parts.join(" "), class: `curve ${name}` }, svg);
        }
        const x = across(this.points.x[0] / GRID), values = ["f", "g"].map((n) => this.height(FLOATS.number(FRACTIONS.text(found[n]))));
        draw("path", { d: `M${x} ${values[0]}V${values[1]}`, class: "gap" }, svg);
        draw("text", { x: x + 6, y: values[0] - 5, class: "f" }, svg, "f(x)");
        if (!this.example.only) draw("text", { x: x + 6, y: values[1] + 13, class: "g" }, svg, "g(x)");
      }
      draw("path", { d: `M${LEFT} 212h${WIDE}M${LEFT} 208v8m${WIDE} -8v8`, class: "frame" }, svg);
      for (const [z, says] of [[0, "0"], [0.5, "input z"], [1, "1"]])
        draw("text", { x: across(z), y: 240, "text-anchor": "middle" }, svg, says);
      draw("path", { d: `M${across(this.points.x[0] / GRID)} 20V212`, class: "mid" }, svg);
      const [bottomY, topY] = [this.height(FLOATS.number(this.example.m)), this.height(FLOATS.number(this.example.M))];
      this.handle(svg, "a", across(this.points.a[0] / GRID), bottomY, back);
      this.handle(svg, "b", across(this.points.b[0] / GRID), topY, back);
      this.handle(svg, "x", across(this.points.x[0] / GRID), 212, back);
    }

    squares(found) {
      for (const name of this.example.only ? ["f"] : ["f", "g"]) {
        const box = put("figure", {}, this.plots);
        const svg = draw("svg", { viewBox: "-22 -14 276 280", "data-of": name, role: "group", "aria-label": `${name} over the square` }, box);
        const [low, high] = this.range();
        if (found.f) {
          const inputs = this.inputs(FLOATS), trace = machine(this.program, FLOATS, inputs), { out } = trace.end();
          const side = 240 / CELLS;
          for (let i = 0; i < CELLS; i++) for (let j = 0; j < CELLS; j++) {
            [inputs.z1, inputs.z2] = [(i + 0.5) / CELLS, (j + 0.5) / CELLS];
            trace.forget();
            const share = Math.round(100 * (trace.at(out[name]) - low) / (high - low));
            draw("rect", { x: i * side, y: 240 - (j + 1) * side, width: side + 0.4, height: side + 0.4, class: "cell",
              style: `--share:${share}%` }, svg);
          }
        }
        draw("rect", { x: 0, y: 0, width: 240, height: 240, class: "frame" }, svg);
        for (const [x, y, says] of [[-12, 244, "0"], [120, 262, "z1"], [240, 262, "1"], [-12, 124, "z2"], [-12, 8, "1"]])
          draw("text", { x, y, "text-anchor": "middle" }, svg, says);
        for (const at of ["a", "b", "x"]) {
          const [p, q] = this.points[at];
          this.handle(svg, at, 240 * p / GRID, 240 - 240 * q / GRID, (px, py) => [px / 240, 1 - py / 240]);
        }
        const { m, M } = this.example, shades = m === M ? "" : `: pale is m = ${m}, dark is M = ${M}`;
        put("figcaption", {}, box, found.f ? `${name}${shades}; ${name}(x) = ${FRACTIONS.text(found[name])}` : name);
      }
    }

    scale(found) {
      this.strip.replaceChildren();
      this.strip.style.display = found.f && !this.example.only ? "" : "none";
      if (!found.f || this.example.only) return;
      const [low, high] = this.range(), number = (v) => FLOATS.number(FRACTIONS.text(v));
      const across = (value) => LEFT + WIDE * (value - low) / (high - low);
      const [W, U, f, g] = ["W", "U", "f", "g"].map((n) => across(number(found[n])));
      this.strip.setAttribute("aria-label", "Values at the query: the envelope from W(x) to U(x), with g(x) and f(x) in it; the numbers follow as text.");
      draw("path", { d: `M${LEFT} 28h${WIDE}M${LEFT} 22v12m${WIDE} -12v12`, class: "frame" }, this.strip);
      draw("path", { d: `M${LEFT + WIDE / 2} 20v16`, class: "mid" }, this.strip);
      for (const [x, says] of [[LEFT - 22, "m"], [LEFT + WIDE + 10, "M"]]) draw("text", { x, y: 32 }, this.strip, says);
      draw("rect", { x: W, y: 22, width: Math.max(U - W, 1), height: 12, class: "envelope" }, this.strip);
      for (const [name, at, y] of [["f", f, 14], ["g", g, 50]]) {
        draw("path", { d: `M${at} 18V38`, class: `tick ${name}` }, this.strip);
        draw("text", { x: at, y, "text-anchor": "middle", class: name }, this.strip, `${name}(x)`);
      }
    }

    handle(svg, name, px, py, back) {
      const values = this.points[name].map((k) => FRACTIONS.text(FRACTIONS.number(`${k}/${GRID}`)));
      const group = draw("g", { class: `handle ${name}`, tabindex: 0, role: "slider", "data-handle": name, transform: `translate(${px} ${py})`,
        "aria-label": NAMES[name], "aria-valuemin": 0, "aria-valuemax": GRID, "aria-valuenow": this.points[name][0], "aria-valuetext": say(values) }, svg);
      draw("circle", { r: 14, class: "reach" }, group);
      const shape = { a: "M-7 -6H7L0 8Z", b: "M-7 6H7L0 -8Z", x: "M-6 0A6 6 0 1 0 6 0A6 6 0 1 0 -6 0Z" }[name];
      draw("path", { d: shape, class: "mark" }, group);
      draw("text", { x: 10, y: name === "b" ? 14 : -6 }, group, name);
      group.addEventListener("keydown", (event) => {
        const step = event.shiftKey ? 4 : 1;
        const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowDown: [0, -step], ArrowUp: [0, step] }[event.key];
        if (!by) return;
        event.preventDefault();
        event.stopPropagation();
        const along = this.dim === 1 ? [by[0] || by[1]] : by;
        this.move(name, this.points[name].map((k, i) => k + along[i]));
      });
      group.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        group.focus({ preventScroll: true });
        const follow = (moved) => {
          const now = this.plots.querySelector(`svg[data-of="${svg.dataset.of}"]`);
          const at = new DOMPoint(moved.clientX, moved.clientY).matrixTransform(now.getScreenCTM().inverse());
          this.move(name, back(at.x, at.y).map((share) => Math.round(share * GRID)));
        };
        const stop = () => { removeEventListener("pointermove", follow); removeEventListener("pointerup", stop); removeEventListener("pointercancel", stop); };
        addEventListener("pointermove", follow);
        addEventListener("pointerup", stop);
        addEventListener("pointercancel", stop);
      });
    }

    move(name, to) {
      const next = to.map((k) => Math.min(GRID, Math.max(0, k)));
      if (next.every((k, i) => k === this.points[name][i])) return;
      this.points[name] = next;
      this.refresh();
    }

    // -- what is told ------------------------------------------------------------------------------------------
    tell(found, exact) {
      const told = this.told, show = FRACTIONS.text;
      told.replaceChildren();
      const value = (parent, name, text) => put("output", { "data-value": name }, parent, text);
      const at = (name) => say(this.points[name].map((k) => show(FRACTIONS.number(`${k}/${GRID}`))));
      const given = put("p", {}, told, "Shown: argmin a = ");
      value(given, "a", at("a")); given.append(", argmax b = "); value(given, "b", at("b"));
      given.append(`, m = ${this.example.m}, M = ${this.example.M}. Query x = `); value(given, "x", at("x"));
      if (!this.example.only) { given.append(", eta = "); value(given, "eta", show(exact.eta)); }
      if (exact.L) { given.append(", L = "); value(given, "L", show(exact.L)); given.append(` in ${this.example.metric}`); }
      given.append(this.example.more ? `. ${this.example.more}` : ".");
      if (found.refused !== undefined) {
        put("strong", {}, put("p", { class: "refused" }, told), "No member shows this: ");
        told.lastChild.append(found.refused); told.lastChild.dataset.value = "refused";
        return;
      }
      if (found.shown !== undefined) {
        const says = put("p", {}, told, "The value at this query is shown: "); value(says, "shown", show(found.shown)); says.append(".");
        return;
      }
      if (this.example.only) {
        const says = put("p", {}, told, "The only member with this visualization has f(x) = "); value(says, "f", show(found.f)); says.append(".");
        return;
      }
      const fibre = put("p", {}, told, "Every member with these extremes has "); value(fibre, "W", show(found.W));
      fibre.append(" ≤ h(x) ≤ "); value(fibre, "U", show(found.U)); fibre.append(". Two of them: f(x) = ");
      value(fibre, "f", show(found.f)); fibre.append(" and g(x) = "); value(fibre, "g", show(found.g));
      fibre.append(", apart by "); value(fibre, "gap", show(FRACTIONS.sub(found.f, found.g))); fibre.append(".");
      const list = put("ul", {}, told);
      for (const [task, asks] of Object.entries(this.example.asks)) {
        const line = put("li", task === this.task ? { class: "asked" } : {}, list, `${asks}: `);
        const says = decidable(this.program, FRACTIONS, task, exact, found.W, found.U) ? "one answer is right for every member at this x."
          : decidable(this.program, FRACTIONS, task, exact, found.g, found.f)
            ? "no answer is right for every member at this x; this eta mixes in too much of B for f and g to show it."
            : "no answer is right for both f and g.";
        value(line, task, says);
      }
    }
  }

  function start() {
    for (const root of document.querySelectorAll(".trompe-figure")) {
      const programs = Object.fromEntries(root.dataset.dims.split(" ").map((d) => [d, globalThis.trompeFigures[`${root.dataset.row}/${d}`]]));
      root.figure = new Figure(root, programs);
    }
  }
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start); else start();
})();
