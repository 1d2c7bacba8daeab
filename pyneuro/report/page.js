// Looking closer at the board: other layers, details, a population, the tree of a key.
// The page is complete without this; what is shown here comes from the element #report-data alone.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const byId = (id) => document.getElementById(id);
  const controls = byId("controls"), detail = byId("detail"), told = byId("told"), hops = byId("hops");
  const MOST_HOPS = 500, MOST_INDENTED = 20;
  const KEYS = 2 ** 32;
  const [LEAST, FULL] = data.shades;
  const [X, Y, USED, CORES, SDRAM, DTCM, ENTRIES, LOAD, PACKETS, BOARD] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

  // --- what is drawn: an element for each cell and link of the data, in the same order

  const chips = [];
  const links = [];
  const boards = document.querySelectorAll("svg.board");
  boards.forEach((svg, number) => {
    const picture = data.pictures[number];
    svg.querySelectorAll("g.chip").forEach((group, i) => {
      const shape = group.querySelector("polygon");
      const label = group.querySelector("text.load");
      const mark = document.createElementNS(svg.namespaceURI, "text");
      mark.setAttribute("class", "mark");
      mark.setAttribute("y", "-12");
      group.append(mark);
      chips.push({ svg, group, shape, label, mark, cell: picture.cells[i], block: picture.block });
    });
    svg.querySelectorAll(".links line").forEach((line, i) => links.push({ line, link: picture.links[i] }));
  });
  const single = (chip) => chip.block === 1;
  const usable = (chip) => chip.cell[CORES] > 0;
  const hex = (word) => `0x${(word >>> 0).toString(16).padStart(8, "0")}`;
  const place = (x, y) => `(${x}, ${y})`;
  const at = (x, y, link) => [x, y, link].join();
  const count = (number) => number.toLocaleString("en");
  const many = (number, thing) => `${count(number)} ${thing}${number === 1 ? "" : "s"}`;
  const percent = (share) => (share > 0 && share < 0.0001 ? "< 0.01 %" : `${Number((100 * share).toPrecision(3))} %`);
  const rough = (share) => `${share >= 0.1 ? Math.round(100 * share) : Number((100 * share).toPrecision(2))} %`;
  const short = (value) => {
    const [factor, letter] = value >= 1e6 ? [1e6, "M"] : value >= 1e3 ? [1e3, "k"] : [1, ""];
    return `${Number((value / factor).toPrecision(value < 1e3 ? 3 : 2))}${letter}`;
  };
  const bytes = (size) => (size >= 1 << 20 ? `${(size / (1 << 20)).toFixed(1)}M` : `${Math.round(size / 1024)}K`);

  const labels = new Map(data.cores.map(([label, x, y, p]) => [at(x, y, p), label]));
  const population = (label) => label.replace(/\[[0-9]+(:[0-9]+)?\][^[\]]*$/, "");

  // --- layers: of each chip a share from 0 to 1, and a text

  const mostPackets = Math.max(1, ...chips.map((chip) => chip.cell[PACKETS]));
  const LAYERS = {
    cores: (c) => [c[USED] / c[CORES], `${c[USED]}`],
    sdram: (c) => [c[SDRAM] / data.limits.sdram, bytes(c[SDRAM])],
    dtcm: (c) => [c[DTCM] / data.limits.dtcm, rough(c[DTCM] / data.limits.dtcm)],
    entries: (c) => [c[ENTRIES] / data.limits.entries, `${c[ENTRIES]}`],
    cycles: (c) => [c[LOAD], rough(c[LOAD])],
    packets: (c) => [c[PACKETS] / mostPackets, short(c[PACKETS])],
  };
  // Where the fullest chip is far from its limit, shades tell shares of what that one has.
  const FAINT = 0.25;
  let layer = "cores", darkest = 1;

  const shade = (chip) => {
    if (!usable(chip)) return;
    const [share, text] = LAYERS[layer](chip.cell), shown = Math.min(share / darkest, 1);
    const empty = layer === "packets" ? chip.cell[PACKETS] === 0 : chip.cell[USED] === 0 && !(layer === "entries" && share);
    chip.shape.classList.toggle("idle", empty);
    chip.shape.classList.toggle("over", share > 1);
    if (empty) chip.shape.removeAttribute("fill-opacity");
    else chip.shape.setAttribute("fill-opacity", String(LEAST + (1 - LEAST) * shown));
    chip.group.classList.toggle("full", !empty && shown > FULL);
    const whole = layer === "cores" && !single(chip) ? rough(share) : text;
    chip.label.textContent = empty ? "" : whole;
    chip.label.classList.toggle("long", chip.label.textContent.length > 3);
  };
  const show = (name) => {
    layer = name;
    const most = Math.max(0, ...chips.filter(usable).map((chip) => LAYERS[name](chip.cell)[0]));
    darkest = most > 0 && most < FAINT && name !== "cores" ? most : 1;
    chips.forEach(shade);
    const input = controls.querySelector(`input[value=${name}]`), meaning = input.dataset.shade;
    byId("shaded-by").textContent = darkest < 1 ? `${meaning}; the darkest is the fullest, ${percent(most)}` : meaning;
    boards.forEach((svg, number) => {
      svg.setAttribute("data-layer", name);
      const title = `${data.pictures[number].title}: ${input.parentElement.textContent.trim()} by chip`;
      svg.querySelector("title").textContent = title;
    });
  };
  controls.querySelectorAll("input[name=layer]").forEach((input) => {
    input.addEventListener("change", () => show(input.value));
  });

  // --- details of a chip

  const item = (text) => {
    const made = document.createElement("li");
    made.textContent = text;
    return made;
  };
  const heading = (text) => {
    const made = document.createElement("p");
    made.className = "heading";
    made.textContent = text;
    return made;
  };
  const linkText = ([x, y, link, expected, sent, load]) => {
    const [dx, dy] = data.links[link], [w, h] = data.size;
    const packets = sent === null ? `${count(Math.round(expected))} packets if all fire once` : `${count(sent)} packets in the run`;
    const share = load === null ? "" : `, ${percent(load)} of its capacity`;
    return `link ${data.linkNames[link]} to ${place((x + dx + w) % w, (y + dy + h) % h)}: ${packets}${share}`;
  };
  const describe = (chip) => {
    const c = chip.cell, board = data.boards > 1 && single(chip) ? ` of board ${c[BOARD]}` : "";
    if (!usable(chip)) return `Chip ${place(c[X], c[Y])}${board}: cannot be used`;
    const parts = [`${c[USED]} of ${many(c[CORES], "core")}`];
    if (c[SDRAM] !== null) parts.push(`${percent(c[SDRAM] / data.limits.sdram)} of SDRAM`);
    if (c[DTCM] !== null) parts.push(`${percent(c[DTCM] / data.limits.dtcm)} of DTCM in the fullest core`);
    parts.push(many(c[ENTRIES], "table entr").replace(/entrs?$/, c[ENTRIES] === 1 ? "entry" : "entries"));
    if (c[LOAD] !== null) parts.push(`${percent(c[LOAD])} of a tick in the busiest core`);
    parts.push(`${count(c[PACKETS])} packets routed`);
    return `Chip ${place(c[X], c[Y])}${board}: ${parts.join(", ")}`;
  };
  const details = (chip) => {
    const list = document.createElement("ul");
    if (single(chip)) {
      data.cores.filter(([, x, y]) => x === chip.cell[X] && y === chip.cell[Y]).forEach(([label, , , p]) => {
        const made = item(`core ${p}: ${label} `);
        if (data.nets.some((net) => net[0] === label)) {
          const button = document.createElement("button");
          button.type = "button";
          button.textContent = "trace";
          button.setAttribute("aria-label", `trace ${label}`);
          button.addEventListener("click", () => trace(label));
          made.append(button);
        }
        list.append(made);
      });
      const seen = new Set();
      links.filter(({ link }) => link[0] === chip.cell[X] && link[1] === chip.cell[Y]).forEach(({ link }) => {
        if (!seen.has(link[2])) list.append(item(linkText(link)));
        seen.add(link[2]);
      });
    }
    detail.replaceChildren(heading(describe(chip)), list);
    detail.hidden = false;
  };

  // --- the keyboard: one chip of each picture can be reached by Tab, the arrows go on from there

  const middle = (chip) => {
    const [, x, y] = chip.group.getAttribute("transform").match(/translate\((\S+) (\S+)\)/);
    return [Number(x), Number(y)];
  };
  const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  // Left and right stay in the row; up and down go to the nearest row, and there to the nearest chip: of two that are
  // equally near, to the one with the same x, so that the way back is the same.
  const beside = (chip, [wx, wy]) => {
    const [x, y] = middle(chip), ahead = [];
    for (const other of chips) {
      if (other.svg !== chip.svg) continue;
      const [dx, dy] = middle(other).map((value, i) => Math.round(value - [x, y][i]));
      const along = dx * wx + dy * wy, across = Math.abs(dx * wy + dy * wx);
      if (along > 1 && (wy !== 0 || across < 2)) ahead.push([along, across, other.cell[X] !== chip.cell[X], other]);
    }
    ahead.sort((one, two) => one[0] - two[0] || one[1] - two[1] || one[2] - two[2]);
    return ahead.length ? ahead[0][3] : null;
  };
  const focus = (chip) => {
    chips.filter((other) => other.svg === chip.svg).forEach((other) => other.group.setAttribute("tabindex", "-1"));
    chip.group.setAttribute("tabindex", "0");
    chip.group.focus();
  };
  const first = new Map();
  for (const chip of chips) {
    if (!first.has(chip.svg) || (!first.get(chip.svg).cell[USED] && chip.cell[USED])) first.set(chip.svg, chip);
  }
  for (const chip of chips) {
    chip.group.setAttribute("tabindex", first.get(chip.svg) === chip ? "0" : "-1");
    chip.group.setAttribute("role", "img");
    chip.group.setAttribute("aria-label", describe(chip));
    chip.group.addEventListener("focus", () => details(chip));
    chip.group.addEventListener("pointerenter", () => details(chip));
    chip.group.addEventListener("click", () => focus(chip));
    chip.group.addEventListener("keydown", (event) => {
      const next = event.key in ARROWS ? beside(chip, ARROWS[event.key]) : null;
      if (next) focus(next);
      if (event.key in ARROWS) event.preventDefault();
    });
  }
  for (const { line, link } of links) {
    line.addEventListener("pointerenter", () => {
      detail.replaceChildren(heading(`Chip ${place(link[0], link[1])}, ${linkText(link)}`));
      detail.hidden = false;
    });
  }

  // --- showing some chips and links above the others

  const ROWS = ["populations-on-the-machine", "network", "cores", "routes", "keys"].map((id) => `#${id} tbody th`).join();
  const MARKS = ["mine", "source", "sink", "passed"];
  const clear = () => {
    chips.forEach((chip) => {
      chip.group.classList.remove(...MARKS);
      chip.mark.textContent = "";
    });
    links.forEach(({ line }) => line.classList.remove("mine"));
    boards.forEach((svg) => svg.classList.remove("marked"));
    markRows(() => false);
    hops.hidden = true;
    hops.replaceChildren();
    told.textContent = "";
  };
  // `on` has x, y, a mark and a text of each chip, `over` the links; in the overview a block counts such chips.
  const mark = (on, over) => {
    const found = new Map(on.map((one) => [[one.x, one.y].join(), one]));
    for (const chip of chips) {
      const inside = single(chip) ? found.get([chip.cell[X], chip.cell[Y]].join()) : blockMark(chip, on);
      if (!inside) continue;
      chip.group.classList.add(inside.mark);
      chip.mark.textContent = inside.text;
      const part = chip.svg.closest("details");
      if (part) part.open = true;
    }
    links.forEach(({ line, link }) => line.classList.toggle("mine", over.has(at(link[0], link[1], link[2]))));
    boards.forEach((svg) => svg.classList.add("marked"));
  };
  const blockMark = ({ cell, block }, on) => {
    const inside = on.filter(({ x, y }) => x >= cell[X] && x < cell[X] + block && y >= cell[Y] && y < cell[Y] + block);
    return inside.length ? { mark: "mine", text: many(inside.length, "chip") } : null;
  };
  const markRows = (wanted) => {
    document.querySelectorAll(ROWS).forEach((cell) => {
      cell.parentElement.classList.toggle("chosen", wanted(cell.textContent));
    });
    // Rows of a folded table are not seen: its summary says how many of them are marked.
    document.querySelectorAll("details > summary").forEach((summary) => {
      const rows = summary.parentElement.querySelectorAll("tr.chosen").length;
      if (rows) summary.dataset.marked = `${many(rows, "row")} marked`;
      else delete summary.dataset.marked;
    });
  };

  const highlight = (number) => {
    clear();
    const [label, cores, chipsUsed, on, over] = data.populations[number];
    mark(
      on.map(([x, y, n]) => ({ x, y, mark: "mine", text: `×${n}` })),
      new Set(over.map(([x, y, link]) => at(x, y, link))),
    );
    markRows((text) => text === label || population(text) === label);
    const left = on.length ? "" : "; where they are is left out of this report";
    const ways = over.length ? `, its packets go over ${many(over.length, "link")}` : "";
    told.textContent = `${label}: ${many(cores, "core")} on ${many(chipsUsed, "chip")}${ways}${left}`;
  };
  byId("population").addEventListener("change", (event) => {
    if (event.target.value === "") clear();
    else highlight(Number(event.target.value));
  });

  // --- the tree of a key: a walk in which letters deliver, digits go over links, and ^ goes back

  const walk = (net) => {
    const [, x, y, , , , path] = net, [w, h] = data.size;
    const root = { x, y, by: null, from: null, depth: 0, cores: [], on: [] };
    const stack = [root], all = [root];
    for (const letter of path) {
      const here = stack[stack.length - 1];
      if (letter === "^") stack.pop();
      else if (letter >= "a") here.cores.push(letter.charCodeAt(0) - "a".charCodeAt(0));
      else {
        const link = Number(letter), [dx, dy] = data.links[link];
        here.on.push(link);
        const next = { x: (here.x + dx + w) % w, y: (here.y + dy + h) % h, by: link, from: here, depth: here.depth + 1, cores: [], on: [] };
        stack.push(next);
        all.push(next);
      }
    }
    // What comes after a fork is indented, as deep as forks are on the way to it.
    for (const step of all) step.branch = step.from ? step.from.branch + (step.from.on.length > 1) : 0;
    return all;
  };
  const tables = new Map(data.tables.map(([x, y, length, words]) => [[x, y].join(), { length, words }]));
  // What sends `key` on at a chip: the first entry that it matches, or the default route.
  const entryText = ({ x, y }, key) => {
    const table = tables.get([x, y].join());
    if (!table && data.tablesOmitted) return "entry left out of this report";
    const words = table ? table.words : [];
    for (let i = 0; i < words.length; i += 2) {
      if (((key & words[i + 1]) >>> 0) === words[i]) {
        return `entry ${i / 2 + 1} of ${table.length}, ${hex(words[i])}/${hex(words[i + 1])}`;
      }
    }
    return !table || words.length === 2 * table.length ? "default route" : "entry left out of this report";
  };
  const hopItem = (step, net, key) => {
    const arrived = step.from === null ? `sent by core ${net[3]}, ${net[0]}` : `by ${data.linkNames[step.by]} from ${place(step.from.x, step.from.y)}`;
    const named = step.cores.map((p) => `${p}\u00a0${labels.get(at(step.x, step.y, p)) ?? ""}`.trim());
    const on = step.on.length ? `on by ${step.on.map((link) => data.linkNames[link]).join(", ")}` : "";
    const given = named.length ? `to core${named.length > 1 ? "s" : ""} ${named.join(", ")}` : "";
    const made = item(`chip ${place(step.x, step.y)}, ${arrived}; ${entryText(step, key)}: ${[on, given].filter(Boolean).join("; ")}`);
    made.style.marginInlineStart = `${1.2 * Math.min(step.branch, MOST_INDENTED)}rem`;
    return made;
  };
  // The net that sends a key, or has a name, and the key; or why there is none.
  const find = (wanted) => {
    const named = data.nets.find((net) => net[0] === wanted);
    if (named) return { net: named, key: named[4] };
    if (/^(0x[0-9a-f]+|[0-9]+)$/i.test(wanted)) return ofKey(Number(wanted), wanted);
    const told = wanted.match(/^(.*)\[(\d+)\]$/);
    for (const net of told ? data.nets : []) {
      const held = net[0].match(/^(.*)\[(\d+):(\d+)\]$/);
      const [name, first] = held ? [held[1], +held[2]] : [net[0], 0], neuron = told[2] - first;
      if (name === told[1] && neuron >= 0 && neuron < net[7]) return { net, key: net[4] + neuron };
    }
    if (silent(wanted) || (told && silent(told[1]))) return { why: `${wanted} sends nothing: no projection begins there.` };
    const net = data.nets.find((one) => population(one[0]) === wanted) ?? data.nets.find((one) => wanted && one[0].includes(wanted));
    return net ? { net, key: net[4] } : {};
  };
  const ofKey = (key, wanted) => {
    if (key >= KEYS) return { why: `${wanted} is no key: keys have 32 bits.` };
    const net = data.nets.find((one) => ((key & one[5]) >>> 0) === one[4]);
    if (!net || key - net[4] < net[7]) return { net, key };
    const sent = `${hex(net[4])} to ${hex(net[4] + net[7] - 1)}`;
    return { why: `No neuron sends ${hex(key)}: it lies in the block of ${net[0]}, which sends ${sent}.` };
  };
  const silent = (name) =>
    data.cores.some(([label, , , , sends]) => label === name && !sends) ||
    data.populations.some(([label, , , , , sends]) => label === name && !sends);
  const trace = (text) => {
    clear();
    byId("population").value = "";
    byId("key").value = text;
    const wanted = text.trim(), { net, key, why } = find(wanted);
    if (!net || net[6] === null) {
      const elsewhere = `: pyneuro map --trace "${net ? hex(key) : wanted}" prints its way`;
      const left = data.netsOmitted ? ` (${many(data.netsOmitted, "source")} left out of it${elsewhere})` : "";
      const there = net ? `The tree of ${net[0]} is left out of this report${elsewhere}.` : `No source of this report has the key or name ${wanted}${left}.`;
      told.textContent = why ?? there;
      return;
    }
    const steps = walk(net);
    const on = steps.map(({ x, y, by, cores: to }) =>
      by === null
        ? { x, y, mark: "source", text: to.length ? `S+${to.length}` : "S" }
        : { x, y, mark: to.length ? "sink" : "passed", text: to.length ? `×${to.length}` : "·" },
    );
    mark(on, new Set(steps.flatMap((step) => step.on.map((link) => at(step.x, step.y, link)))));
    markRows((row) => row === net[0]);
    const cores = steps.reduce((sum, step) => sum + step.cores.length, 0);
    const farthest = Math.max(...steps.map((step) => step.depth));
    const block = key === net[4] ? "" : `, of the block ${hex(net[4])}`;
    told.textContent =
      `Key ${hex(key)}${block}, mask ${hex(net[5])} of ${net[0]}: ${many(steps.length - 1, "link")} to ${many(cores, "core")} ` +
      `on ${many(steps.length, "chip")}, the farthest ${many(farthest, "link")} away`;
    hops.replaceChildren(...steps.slice(0, MOST_HOPS).map((step) => hopItem(step, net, key)));
    if (steps.length > MOST_HOPS) hops.append(item(`... and ${count(steps.length - MOST_HOPS)} more`));
    hops.hidden = false;
  };
  byId("trace").addEventListener("click", () => trace(byId("key").value));
  controls.addEventListener("submit", (event) => {
    event.preventDefault();
    trace(byId("key").value);
  });
  byId("clear").addEventListener("click", () => {
    byId("population").value = byId("key").value = "";
    clear();
  });

  controls.hidden = byId("keys-help").hidden = false;
})();
