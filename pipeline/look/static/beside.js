// What is pointed at on this page lights up in the archived one: by the fragment of its address alone, since no script
// runs there. Without this file the ¶ behind a paragraph does the same.
"use strict";

const frame = document.querySelector("iframe[name=archived]");
let lit = null;

function light(event) {
  const place = event.target.closest("[data-line]");
  const there = place && place.querySelector("a.at");
  if (!frame || !there || place === lit) return;
  if (lit) lit.classList.remove("lit");
  place.classList.add("lit");
  lit = place;
  // replace() adds nothing to the history of the browser
  frame.contentWindow.location.replace(there.href);
}

document.addEventListener("mousemove", (event) => {
  // a page that scrolls under a mouse at rest moves it too, by nothing
  if (event.movementX || event.movementY) light(event);
});
document.addEventListener("focusin", light);
