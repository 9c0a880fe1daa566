// The page of `nurture preview --serve`: asks for the overview and one letter, shows them, and asks again on news.
"use strict";

const $ = (id) => document.getElementById(id);
let overview = { emails: [], leads: {}, problems: [] };

/** A new element; its text is text, never markup. */
function make(tag, { text, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

/** The e-mail and the lead in the address, or the first ones; the language, when another than the lead's is asked for. */
function chosen() {
  const [email, lead, locale = ""] = decodeURIComponent(location.hash.slice(1)).split("/");
  const ids = overview.emails.map((one) => one.id);
  const leads = Object.keys(overview.leads);
  return { email: ids.includes(email) ? email : ids[0], lead: leads.includes(lead) ? lead : leads[0], locale };
}

function choose(email, lead, locale = "") {
  location.hash = [email, lead, locale].filter(Boolean).join("/");
}

function stepBy(list, now, by) {
  return list[(list.indexOf(now) + by + list.length) % list.length];
}

// ── drawing ───────────────────────────────────────────────────────────────────────────────────────────────────

function drawEmails({ email, lead }) {
  const rows = [];
  let group = null;
  for (const one of overview.emails) {
    const title = one.kind === "nurture" ? one.stage || "any stage" : one.kind === "requested" ? "asked for" : "to reps";
    if (title !== group) rows.push(make("h2", { text: (group = title) }));
    const dots = Object.entries(one.letters).map(([name, state]) => make("span", { class: `dot ${state}`, title: `${name}: ${state}` }));
    const under = make("span", { class: "under" }, make("span", { text: one.id }));
    if (one.problems) under.append(make("span", { class: "count", text: one.problems, title: "problems in this file" }));
    under.append(make("span", { class: "dots" }, ...dots));
    const row = make("button", { "aria-current": one.id === email, title: one.subject }, make("span", { class: "subject", text: one.subject }), under);
    row.onclick = () => choose(one.id, lead);
    rows.push(row);
  }
  $("emails").replaceChildren(...rows);
  $("emails").querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest" });
}

function drawLeads({ email, lead }) {
  const chips = Object.entries(overview.leads).map(([name, about]) => {
    const chip = make("button", { role: "tab", "aria-selected": name === lead, title: about, text: name });
    chip.onclick = () => choose(email, name);
    return chip;
  });
  $("leads").replaceChildren(...chips, make("span", { class: "about", text: overview.leads[lead] ?? "" }));
}

function drawLocales(sheet, { email, lead }) {
  const locales = sheet.locales ?? [];
  const chips = locales.map((name) => {
    const chip = make("button", { role: "tab", "aria-selected": name === sheet.locale, text: name });
    chip.onclick = () => choose(email, lead, name);
    return chip;
  });
  $("locales").hidden = !chips.length;
  $("locales").replaceChildren(...chips, make("span", { class: "about", text: "the languages of this e-mail" }));
}

function drawProblems(found) {
  const cards = found.map(({ problem, source }) => {
    const said = make("div", {}, make("span", { class: "place", text: `${problem.path}:${problem.line}:${problem.column} ` }),
      `${problem.message} `, make("span", { class: "rule", text: `[${problem.rule}]` }));
    const card = make("div", { class: `problem ${problem.severity ?? "error"}` }, said);
    if (source.trim()) card.append(make("pre", { text: `${source}\n${" ".repeat(problem.column - 1)}^` }));
    return card;
  });
  if (overview.stale) cards.unshift(make("div", { id: "stale", text: "The files have mistakes. What you see below is how they were before." }));
  $("problems").replaceChildren(...cards);
}

function drawPairs(id, pairs) {
  $(id).replaceChildren(...pairs.flatMap(([name, value]) => [make("dt", { text: name }), make("dd", { text: value })]));
}

function drawFrames({ email, lead, locale }) {
  for (const shown of document.querySelectorAll("[data-scheme]")) {
    const url = `/letter/${email}/${lead}/${shown.dataset.scheme}?locale=${locale}`;
    if (shown.tagName === "A") shown.href = url;
    else {
      shown.onload = () => fit(shown);
      shown.src = `${url}&${overview.version}`;
    }
  }
}

/** A frame as wide as its screen would be, as high as its letter is, scaled into its column. */
function fit(frame) {
  const body = frame.contentDocument?.body;
  if (!body) return;
  const width = Number(frame.dataset.width);
  const scale = Math.min(1, frame.parentElement.clientWidth / width);
  frame.style.width = `${width}px`;
  frame.style.height = "0";
  const height = frame.contentDocument.documentElement.scrollHeight;
  frame.style.height = `${height}px`;
  frame.style.transform = `scale(${scale})`;
  frame.parentElement.style.height = `${Math.ceil(height * scale) + 2}px`;
}

function drawSheet(sheet, { email, lead, locale }) {
  $("letter").hidden = Boolean(sheet.refused);
  $("nothing").hidden = !sheet.refused;
  $("nothing").textContent = sheet.refused ?? "";
  document.title = `${sheet.subject || email} · nurture preview`;
  if (sheet.refused) return;
  $("avatar").textContent = sheet.sender.slice(0, 1);
  $("sender").textContent = sheet.sender;
  $("subject").textContent = sheet.subject;
  $("preheader").textContent = sheet.preheader;
  $("holes").textContent = sheet.holes.length ? `Not known of ${lead}, and no fallback: ${sheet.holes.join(", ")}. Sending would be refused.` : "";
  $("text").textContent = sheet.text;
  drawPairs("headers", [...sheet.headers, ["Size", `${(sheet.bytes / 1024).toFixed(1)} KB of 102 KB that Gmail shows`]]);
  drawPairs("meta", Object.entries(sheet.meta));
  drawFrames({ email, lead, locale });
}

// ── asking ────────────────────────────────────────────────────────────────────────────────────────────────────

async function ask(path) {
  const answer = await fetch(path);
  return answer.ok ? answer.json() : null;
}

async function draw() {
  const now = chosen();
  drawEmails(now);
  drawLeads(now);
  drawProblems(overview.problems);
  if (!now.email || !now.lead) {
    $("letter").hidden = true;
    $("nothing").hidden = false;
    $("nothing").textContent = overview.problems.length ? "Put this right, and the e-mails appear." : "No e-mails and sample leads here yet.";
  } else {
    const sheet = await ask(`/sheet/${now.email}/${now.lead}?locale=${now.locale}`);
    drawLocales(sheet ?? {}, now);
    if (sheet) drawSheet(sheet, now);
  }
  document.body.dataset.drawn = `${overview.version} ${now.email}/${now.lead}`;
}

async function refresh() {
  overview = (await ask("/overview")) ?? overview;
  await draw();
}

addEventListener("hashchange", draw);
addEventListener("resize", () => document.querySelectorAll("iframe").forEach(fit));
addEventListener("keydown", (pressed) => {
  const { email, lead } = chosen();
  const [row, column] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[pressed.key] ?? [0, 0];
  if (!row && !column) return;
  pressed.preventDefault();
  choose(stepBy(overview.emails.map((one) => one.id), email, row), stepBy(Object.keys(overview.leads), lead, column));
});
const news = new EventSource("/events");
news.onopen = () => $("live").classList.add("on");
news.onerror = () => $("live").classList.remove("on");
news.onmessage = refresh;
