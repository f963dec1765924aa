// j and k go through what a page lists ([data-stop]), / goes to its search field. Without this file all works by Tab.
"use strict";

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    const field = document.querySelector("input[type=search]");
    if (field) {
      event.preventDefault();
      field.focus();
    }
    return;
  }
  const step = { j: 1, k: -1 }[event.key];
  if (!step) return;
  const stops = [...document.querySelectorAll("[data-stop]")].filter((stop) => stop.offsetParent !== null);
  if (stops.length === 0) return;
  const at = stops.findIndex((stop) => stop.contains(document.activeElement));
  const next = at < 0 ? (step > 0 ? 0 : stops.length - 1) : Math.min(Math.max(at + step, 0), stops.length - 1);
  const target = stops[next].querySelector("a, button, summary") || stops[next];
  target.focus();
  stops[next].scrollIntoView({ block: "nearest" });
});
