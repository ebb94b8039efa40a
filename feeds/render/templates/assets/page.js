// What the pages do beyond being read: finding a feed as one types, and copying addresses.
"use strict";

function plain(text) {
  return text.normalize("NFKD").replace(/\p{Mark}/gu, "").toLowerCase();
}

function findFeeds(form) {
  const input = form.querySelector("input");
  const status = form.querySelector("[role=status]");
  const cards = Array.from(document.querySelectorAll(".card"), (card) => [card, plain(card.querySelector("a").textContent)]);

  function show() {
    const words = plain(input.value).split(/\s+/).filter(Boolean);
    let found = 0;
    for (const [card, name] of cards) {
      card.hidden = !words.every((word) => name.includes(word));
      found += !card.hidden;
    }
    for (const section of document.querySelectorAll(".kind")) {
      section.hidden = !section.querySelector(".card:not([hidden])");
    }
    status.textContent = words.length ? `${found} of ${cards.length} feeds` : "";
  }

  function openOnlyOne(event) {
    event.preventDefault();
    const links = document.querySelectorAll(".card:not([hidden]) a");
    if (links.length === 1) links[0].click();
  }

  form.hidden = false;
  form.addEventListener("submit", openOnlyOne);
  input.addEventListener("input", show);
  show(); // a browser that went back has kept what was typed
}

async function copy(button) {
  const input = document.getElementById(button.dataset.copies);
  const status = document.querySelector(".copied");
  input.select();
  try {
    await navigator.clipboard.writeText(input.value);
    status.textContent = "Copied.";
  } catch {
    // without https there is no clipboard to write to; what is selected can still be copied
    status.textContent = document.execCommand("copy") ? "Copied." : "Selected: copy it with your keyboard.";
  }
}

for (const form of document.querySelectorAll("form.search")) findFeeds(form);

for (const button of document.querySelectorAll(".copy")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}
