/**
 * The page's script, as text: filter, choice of rows, and a refresh that puts new tables in place of the old ones, so that
 * what the reader has filtered, scrolled to, selected or opened stays. Without it the page shows the same.
 */
export const SCRIPT = `
(() => {
  "use strict";
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  document.documentElement.classList.add("js");
  // Off until now, so that a form sent without this script does not name it.
  find("fieldset").disabled = false;
  const filter = find("#filter"), every = find("#every"), note = find("#note");

  function apply() {
    const text = filter.value.trim().toLowerCase();
    const state = find("[name=state]:checked").value;
    let shown = 0, total = 0;
    for (const section of all("#proxies>section")) {
      const whole = find("h2", section).textContent.toLowerCase().includes(text);
      const before = shown;
      for (const row of find("tbody", section).rows) {
        total++;
        const named = whole || row.cells[0].textContent.toLowerCase().includes(text);
        row.hidden = !named || (state !== "all" && (state === "trouble") !== ("look" in row.dataset));
        if (!row.hidden) shown++;
      }
      section.hidden = shown === before;
    }
    find("#none").hidden = shown > 0;
    find("#count").textContent = shown === total ? "" : shown + " of " + total + " rows";
  }
  filter.form.addEventListener("submit", (event) => event.preventDefault());
  filter.form.addEventListener("input", (event) => event.target === every ? plan() : apply());

  function place(page) {
    const first = all("#proxies>section").find((section) => section.getBoundingClientRect().bottom > 0);
    const top = first?.getBoundingClientRect().top;
    const active = document.activeElement;
    const focus = active.matches(".scroll") ? "#" + active.parentElement.id + ">.scroll"
      : active.matches("#summary a") ? '#summary a[href="' + active.getAttribute("href") + '"]' : null;
    const scrolls = all(".scroll").map((box) => [box.parentElement.id, box.scrollLeft, box.scrollTop]);
    const open = find("#summary details")?.open;
    for (const id of ["#process", "#summary", "#proxies"]) {
      const fresh = find(id, page);
      if (fresh.outerHTML !== find(id).outerHTML) find(id).replaceWith(document.adoptNode(fresh));
    }
    document.title = page.title;
    if (open) find("#summary details")?.setAttribute("open", "");
    apply();
    for (const [id, left, down] of scrolls) {
      const box = find("#" + id + ">.scroll");
      if (box !== null) { box.scrollLeft = left; box.scrollTop = down; }
    }
    if (first !== undefined && top < 0) {
      const now = document.getElementById(first.id)?.getBoundingClientRect().top;
      if (now !== undefined) scrollBy(0, now - top);
    }
    if (focus !== null) find(focus)?.focus({ preventScroll: true });
  }

  let timer = 0, last = new Date();
  async function refresh() {
    try {
      const answer = await fetch(location.origin + location.pathname + location.search, { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status + " " + answer.statusText);
      place(new DOMParser().parseFromString(await answer.text(), "text/html"));
      last = new Date();
      say("", "");
    } catch (problem) {
      say("bad", "Old figures: no answer since " + last.toLocaleTimeString() + " (" + problem.message + ")");
    }
    plan();
  }
  function say(look, words) {
    note.className = look;
    note.textContent = words;
  }
  function plan() {
    clearTimeout(timer);
    const seconds = Number(every.value);
    if (seconds > 0) timer = setTimeout(tick, seconds * 1000);
  }
  // Nobody looks, or somebody copies: the figures can wait.
  function tick() {
    if (document.hidden || !getSelection().isCollapsed) plan();
    else refresh();
  }
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && Number(every.value) > 0) refresh();
  });
  find("#now").addEventListener("click", (event) => {
    event.preventDefault();
    refresh();
  });
  apply();
  plan();
})();
`;
