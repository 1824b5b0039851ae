"use strict";
(() => {
  // Entries stay that have each of the words.
  const entries = [...document.querySelectorAll(".entry")], left = document.getElementById("left");
  document.getElementById("words").addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const entry of entries) entry.hidden = !words.every((word) => entry.textContent.toLowerCase().includes(word));
    left.textContent = words.length ? `${entries.filter((entry) => !entry.hidden).length} of ${entries.length}` : "";
  });
})();
