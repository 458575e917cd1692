// What makes a page interactive. Everything that it shows is in the page without it.
"use strict";
(() => {
	const {keys, plots, colours, dashes} = JSON.parse(document.getElementById("data").textContent);
	const hidden = new Set(); // keys, from 1
	const drawn = [];         // {draw, shown}: the plots of the page

	document.documentElement.classList.add("js");

	const element = (name, properties = {}, ...children) => {
		const e = Object.assign(document.createElement(name), properties);
		e.append(...children);
		return e;
	};
	const button = (text, click) => {
		const b = element("button", {type: "button", textContent: text});
		b.addEventListener("click", click);
		return b;
	};
	const style = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

	// say tells readers of the screen, and others, what was done.
	let silence;
	const say = text => {
		const said = document.getElementById("said");
		said.textContent = text;
		clearTimeout(silence);
		silence = setTimeout(() => { said.textContent = ""; }, 3000);
	};

	// Names: a click on one shows or hides it everywhere.

	const buttons = []; // of names, with their keys
	const toggle = key => {
		if (!hidden.delete(key)) hidden.add(key);
		for (const b of buttons) b.element.setAttribute("aria-pressed", String(!hidden.has(b.key)));
		for (const cell of document.querySelectorAll("td[data-key]")) {
			cell.parentElement.classList.toggle("off", hidden.has(Number(cell.dataset.key)));
		}
		for (const d of drawn) d.show();
	};
	const nameButton = (key, text) => {
		const b = button(text, () => toggle(key));
		b.setAttribute("aria-pressed", "true");
		b.title = "Show or hide " + text + " everywhere";
		buttons.push({key, element: b});
		return b;
	};
	const names = document.getElementById("names");
	const used = new Set(plots.flatMap(p => p.series.map(s => s.key)));
	keys.forEach((name, i) => {
		if (!used.has(i + 1)) return;
		const b = nameButton(i + 1, name);
		b.prepend(element("span", {className: "sample c" + i % colours, ariaHidden: "true"}));
		names.append(b);
	});
	names.hidden = names.children.length === 0;
	for (const cell of document.querySelectorAll("td[data-key]")) {
		cell.replaceChildren(nameButton(Number(cell.dataset.key), cell.textContent));
	}

	// Tables can be copied.

	const rowsOf = table => [...table.rows].map(row => [...row.cells].map(cell => cell.textContent.trim()));
	const asMarkdown = rows => {
		const line = cells => "| " + cells.map(c => c.replace(/[\\|`*_<>~]/g, "\\$&")).join(" | ") + " |";
		return [line(rows[0]), "|" + "---|".repeat(rows[0].length), ...rows.slice(1).map(line)].join("\n") + "\n";
	};
	const asCSV = rows => rows.map(cells => cells.map(c => /[",\n]/.test(c) ? '"' + c.replaceAll('"', '""') + '"' : c).join(",")).join("\n") + "\n";
	const copy = async (text, form) => {
		try {
			await navigator.clipboard.writeText(text);
		} catch { // not for every page that comes from a file
			const area = element("textarea", {value: text, readOnly: true, className: "said"});
			document.body.append(area);
			area.select();
			document.execCommand("copy");
			area.remove();
		}
		say("Copied as " + form);
	};
	for (const table of document.querySelectorAll("table")) {
		table.parentElement.after(element("div", {className: "copy"},
			button("Copy as Markdown", () => copy(asMarkdown(rowsOf(table)), "Markdown")),
			button("Copy as CSV", () => copy(asCSV(rowsOf(table)), "CSV"))));
	}

	// Plots.

	const number = v => v == null ? "" : Number(v.toPrecision(4)).toLocaleString("en", {maximumSignificantDigits: 4});
	const percent = v => v == null ? "" : Number((100 * (1 - 10 ** -v)).toPrecision(Math.max(3, Math.ceil(v) + 2))) + " %";

	class Plot {
		constructor(data) {
			this.data = data;
			this.figure = document.getElementById(data.id);
			this.live = this.figure.querySelector(".live");
			this.log = data.y.log;
			this.logX = data.x.log;
			this.figure.classList.add("interactive");
			this.addTools();
			this.draw();
			new ResizeObserver(() => this.fit()).observe(this.live);
		}

		addTools() {
			const tools = this.figure.querySelector(".tools");
			tools.hidden = false;
			for (const [axis, log] of [["x", "logX"], ["y", "log"]]) {
				if (!this.data[axis].choices) continue;
				const b = button("Log " + axis, () => {
					this[log] = !this[log];
					b.setAttribute("aria-pressed", String(this[log]));
					this.draw();
				});
				b.title = "Logarithmic or linear " + axis + " axis";
				b.setAttribute("aria-label", b.textContent + ": " + this.data.title);
				b.setAttribute("aria-pressed", String(this[log]));
				tools.append(b);
			}
			for (const [text, name, click] of [["+", "Zoom in", () => this.zoom(0.5)], ["\u2212", "Zoom out", () => this.zoom(2)], ["All", "Show all of it", () => this.draw()]]) {
				const b = button(text, click);
				b.title = name;
				b.setAttribute("aria-label", (text === "All" ? "All of " : name + ": ") + this.data.title);
				tools.append(b);
			}
			this.live.setAttribute("role", "group");
			this.live.setAttribute("aria-label", this.data.title);
		}

		get wide() { return Math.max(240, Math.floor(this.live.clientWidth)); }

		// values returns the table that uPlot draws: x, and y of each series. Bars stand on each other.
		values() {
			const table = uPlot.join(this.data.series.map(s => [s.x, s.y]));
			if (this.data.kind !== "bars") return table;
			const below = new Array(table[0].length).fill(0);
			return [table[0], ...table.slice(1).map((ys, i) => ys.map((y, k) => this.shown(this.data.series[i]) ? below[k] += y : null))];
		}

		shown(series) { return !hidden.has(series.key); }

		series(s, i) {
			const colour = style("--c" + s.colour % colours);
			const own = {label: s.name, stroke: colour, show: this.shown(s), value: (u, v) => number(v)};
			const point = this.data.kind === "dots" && !s.line;
			if (this.data.kind === "bars") {
				const raw = s.y;
				return {...own, fill: colour, width: 0, points: {show: false}, paths: uPlot.paths.bars({size: [0.6, 60]}), value: (u, v, si, at) => at == null ? "" : number(raw[at])};
			}
			if (point) return {...own, paths: () => null, points: {show: true, size: 7, fill: colour, stroke: colour}};
			if (s.line) return {...own, width: s.thin ? 1 : 3, points: {show: false}};
			return {...own, width: 2, dash: dashes[s.colour % dashes.length], points: {show: s.x.length < 3}};
		}

		axis(side) {
			const own = this.data[side], ink = style("--quiet"), lines = {stroke: style("--grid"), width: 1};
			const a = {label: own.title, labelSize: own.title ? 22 : 0, stroke: ink, grid: lines, ticks: lines, font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif"};
			if (own.ticks) {
				a.splits = () => own.ticks.map(t => t.at);
				a.values = () => own.ticks.map(t => t.text);
				a.filter = (u, splits) => splits;
				if (this.data.kind !== "lines" && own.ticks.reduce((sum, t) => sum + 7 * t.text.length + 12, 90) > this.wide) {
					a.rotate = -40;
					a.size = 40 + 5 * Math.max(...own.ticks.map(t => t.text.length));
				}
				return a;
			}
			if (side === "y") a.size = 64;
			if (this.isLog(side)) {
				// Only powers of ten have a label.
				a.values = (u, splits) => splits.map(v => v != null && Math.abs(Math.log10(v) - Math.round(Math.log10(v))) < 1e-9 ? String(Number(v.toPrecision(4))) : "");
			} else {
				a.values = (u, splits) => splits.map(v => v.toLocaleString("en", {maximumSignificantDigits: 6}));
			}
			return a;
		}

		isLog(side) { return side === "x" ? this.logX : this.log; }

		scale(side) {
			const s = {time: false, distr: this.isLog(side) ? 3 : 1};
			if (side === "x" && this.data.kind !== "lines") s.range = () => [-0.6, this.data.x.ticks.length - 0.4];
			if (side === "y" && this.data.kind === "bars") s.range = (u, min, max) => [0, max * 1.05 || 1];
			return s;
		}

		draw() {
			const d = this.data, table = this.values();
			if (this.plot) this.plot.destroy();
			let all = d.series.map((s, i) => this.series(s, i));
			let columns = table.slice(1);
			if (d.kind === "bars") { // the highest first, so that each is in front of those above it
				all = all.reverse();
				columns = columns.reverse();
			}
			this.order = d.kind === "bars" ? [...d.series].reverse() : d.series;
			this.plot = new uPlot({
				width: this.wide, height: 290,
				scales: {x: this.scale("x"), y: this.scale("y")},
				axes: [this.axis("x"), this.axis("y")],
				series: [{label: this.xLabel(), value: (u, v) => this.xText(v)}, ...all],
				cursor: {drag: {x: true, y: d.kind === "lines", uni: 20}, focus: {prox: 20}, points: {size: 7}},
				focus: {alpha: 0.35},
				legend: {live: true},
				hooks: {setSeries: [(u, i, o) => this.clicked(i, o)], ready: [u => this.hideSpare(u)]},
			}, [table[0], ...columns], this.live);
		}

		// hideSpare leaves out of the legend what belongs to a name that is there already.
		hideSpare(u) {
			const rows = u.root.querySelectorAll(".u-legend .u-series");
			this.order.forEach((s, i) => { rows[i + 1].classList.toggle("spare", s.line); });
		}

		xLabel() { return this.data.x.nines ? "percentile" : this.data.x.title || (this.data.kind === "bars" ? "bar" : "testee"); }

		xText(v) {
			if (v == null) return "";
			if (this.data.x.nines) return percent(v);
			if (this.data.x.ticks) return (this.data.x.ticks[Math.round(v)] || {text: ""}).text;
			return number(v);
		}

		// clicked is called for a click in the legend.
		clicked(i, o) {
			if (this.setting || i == null || o.show == null) return;
			const key = this.order[i - 1].key;
			if (key > 0) {
				toggle(key);
			} else { // a part of the bars: those above it come down
				this.plot.setSeries(i, {show: true}, false);
			}
		}

		// show shows what is not hidden.
		show() {
			this.setting = true;
			this.plot.batch(() => this.order.forEach((s, i) => {
				if (this.plot.series[i + 1].show !== this.shown(s)) this.plot.setSeries(i + 1, {show: this.shown(s)});
			}));
			this.setting = false;
		}

		zoom(factor) {
			for (const side of ["x", "y"]) {
				if (side === "y" && this.data.kind !== "lines") continue;
				const {min, max} = this.plot.scales[side], log = this.isLog(side);
				const [from, to] = log ? [Math.log10(min), Math.log10(max)] : [min, max];
				const middle = (from + to) / 2, half = (to - from) / 2 * factor;
				const place = v => log ? 10 ** v : v;
				this.plot.setScale(side, {min: place(middle - half), max: place(middle + half)});
			}
		}

		fit() {
			if (this.wide !== this.plot.width) this.draw();
		}
	}

	for (const data of plots) drawn.push(new Plot(data));
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach(d => d.draw()));
})();
