"use strict";
// Filters and search. Without this script the report is whole; it only hides what does not match.
(function () {
  var form = document.getElementById("filters");
  var byId = function (id) { return document.getElementById(id); };
  var all = function (selector, root) {
    return Array.prototype.slice.call((root || document).querySelectorAll(selector));
  };
  // A link to something inside a closed <details> opens it, at load and later.
  function reveal() {
    var id = "";
    try { id = decodeURIComponent(location.hash.slice(1)); } catch (error) { return; }
    var target = id && byId(id);
    if (!target) { return; }
    if (form && target.closest("[hidden]")) { form.reset(); apply(); }
    for (var node = target; node; node = node.parentElement) {
      if (node.tagName === "DETAILS") { node.open = true; }
    }
    target.scrollIntoView();
  }
  // What a note's date and organisation are stands once, in the list of documents to choose from.
  var notes = {};
  all("#f-document option").forEach(function (option) { notes[option.value] = option.dataset; });
  var quotes = all(".theme .quote").map(function (node) {
    var section = node.closest(".theme");
    var note = notes[node.dataset.document] || {};
    return {
      node: node, section: section, theme: section.dataset.theme, kind: node.dataset.kind,
      document: node.dataset.document, month: node.dataset.month || note.month || "",
      office: note.office || "", also: (node.dataset.also || "").split(" "),
      text: all("blockquote, figcaption", node).map(function (part) {
        return part.textContent;
      }).join(" ").toLowerCase()
    };
  });
  var opened = [];
  function apply() {
    var want = {};
    ["theme", "kind", "office", "document", "month"].forEach(function (name) {
      var field = byId("f-" + name);
      want[name] = field ? field.value : "";
    });
    var words = byId("f-text").value.toLowerCase().split(/\s+/).filter(Boolean);
    var active = words.length > 0 || Object.keys(want).some(function (name) { return want[name]; });
    var hits = new Map();
    var total = 0;
    quotes.forEach(function (quote) {
      var match = Object.keys(want).every(function (name) {
        return !want[name] || quote[name] === want[name] ||
          (name === "theme" && quote.also.indexOf(want.theme) >= 0);
      }) && words.every(function (word) { return quote.text.indexOf(word) >= 0; });
      quote.node.hidden = !match;
      if (match) { total += 1; hits.set(quote.section, (hits.get(quote.section) || 0) + 1); }
    });
    all(".theme").forEach(function (section) { section.hidden = active && !hits.get(section); });
    opened.forEach(function (details) { details.open = false; });
    opened = [];
    all(".theme details.more, .answers").forEach(function (group) {
      var some = all(".quote", group).some(function (node) { return !node.hidden; });
      group.hidden = active && !some;
      if (active && some && group.tagName === "DETAILS" && !group.open) {
        group.open = true;
        opened.push(group);
      }
    });
    document.body.classList.toggle("filtering", active);
    byId("f-none").hidden = !active || total > 0;
    byId("f-count").textContent = active
      ? total + (total === 1 ? " passage" : " passages") + " in " + hits.size +
        (hits.size === 1 ? " theme" : " themes")
      : "";
  }
  if (form) {
    form.hidden = false;
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    form.addEventListener("input", apply);
    form.addEventListener("reset", function () { setTimeout(apply, 0); });
    if (quotes.length) { apply(); } // a browser may have kept what was typed before
  }
  // The map: a point tells its passage, a click goes to it. The list below it needs no script.
  var said = byId("map-said");
  all(".map circle").forEach(function (point) {
    var quote = byId(point.dataset.quote);
    if (!quote) { return; }
    point.addEventListener("mouseenter", function () {
      said.textContent = quote.querySelector("blockquote").textContent.trim();
    });
    point.addEventListener("click", function () { location.hash = "#" + point.dataset.quote; });
  });
  window.addEventListener("hashchange", reveal);
  window.addEventListener("beforeprint", function () {
    all("details.more").forEach(function (details) { details.open = true; });
  });
  if (window.matchMedia("(max-width: 63.99rem)").matches) {
    all(".contents details").forEach(function (details) { details.open = false; });
  }
  reveal();
})();
