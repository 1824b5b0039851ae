"use strict";
(() => {
  // A number opens to its trials; a trial leads to its row, with its run in MLflow or the command that shows it.
  const TRIAL = /\b[0-9a-f]{16}\b/g, RUN = 4;
  const listed = document.getElementById("table-trials");
  let known;
  const rowOf = (id) => (known ??= new Map([...listed.tBodies[0].rows].map((row) => [row.cells[0].dataset.sort, row]))).get(id);
  function button(text, copied) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "copy";
    made.textContent = text;
    made.title = `Copy: ${copied}`;
    made.addEventListener("click", () => copy(copied).then(() => {
      made.textContent = "copied";
      setTimeout(() => { made.textContent = text; }, 1500);
    }));
    return made;
  }
  async function copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const area = document.createElement("textarea"); // a browser that has no clipboard for a file
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  function toTrial(id) {
    const link = document.createElement("a");
    link.href = "#table-trials";
    link.textContent = id;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const row = rowOf(id);
      listed.closest("details").open = true;
      row.hidden = false;
      listed.querySelectorAll(".found").forEach((other) => other.classList.remove("found"));
      row.classList.add("found");
      row.tabIndex = -1;
      row.focus({ preventScroll: true });
      row.scrollIntoView({ block: "center" });
    });
    return link;
  }
  function toRun(id) {
    const address = rowOf(id).cells[RUN].querySelector("a");
    if (!address) return button("copy command", `probeline show ${id}`);
    const link = address.cloneNode();
    link.textContent = "MLflow run";
    return link;
  }
  function lead(line) {
    const text = line.textContent, parts = [];
    let end = 0;
    for (const found of text.matchAll(TRIAL)) {
      if (!rowOf(found[0])) continue;
      parts.push(text.slice(end, found.index), toTrial(found[0]), " ", toRun(found[0]));
      end = found.index + found[0].length;
    }
    if (end) line.replaceChildren(...parts, text.slice(end));
  }
  document.querySelectorAll(".behind").forEach((number) => number.addEventListener("toggle", () => {
    if (!number.led) number.querySelectorAll("li > bdi").forEach(lead);
    number.led = true;
  }));
  listed.closest("details").addEventListener("toggle", () => {
    for (const row of listed.tBodies[0].rows) {
      const trial = row.cells[0], run = row.cells[RUN];
      row.words ??= row.textContent.toLowerCase(); // before the buttons' words are among it
      trial.append(" ", button("copy command", `probeline show ${trial.dataset.sort}`));
      if (run.textContent !== "—" && !run.querySelector("a")) run.append(" ", button("copy", run.textContent));
    }
  }, { once: true });
})();
