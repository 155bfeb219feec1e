"use strict";
// The review page: shows one passage, sends what a person decides, and says it is done only after
// the server has it on the disk. Words of the notes are put in as text, never as markup.
(function () {
  var byId = function (id) { return document.getElementById(id); };
  var all = function (selector) {
    return Array.prototype.slice.call(document.querySelectorAll(selector));
  };
  var key = document.querySelector("meta[name=review-key]").content;
  var there = { ids: [], themes: [], kinds: [] };
  var seen = new Set(); // passages of the list that this person has decided about
  var marked = new Set(); // passages to go into a code of their own
  var at = 0;
  var card = null;
  var busy = false;
  var turn = 0; // the newest request for a card; answers to older ones are not shown
  var who = byId("who");
  var dialog = byId("dialog");

  function node(tag, text, cls) {
    var made = document.createElement(tag);
    if (text !== undefined) { made.textContent = text; }
    if (cls) { made.className = cls; }
    return made;
  }
  function fill(parent, children) { parent.replaceChildren.apply(parent, children); }
  function say(text) { byId("alert").textContent = ""; byId("status").textContent = text; }
  function warn(text) { byId("status").textContent = ""; byId("alert").textContent = text; }
  function me() { return who.value.trim().replace(/\s+/g, " "); }
  function plural(number, noun) { return number + " " + noun + (number === 1 ? "" : "s"); }

  // -- asking the server -------------------------------------------------------------------------

  function ask(path, body) {
    var options = { cache: "no-store", credentials: "same-origin" };
    if (body) {
      options.method = "POST";
      options.headers = { "Content-Type": "application/json", "X-Review-Key": key };
      options.body = JSON.stringify(body);
    }
    return fetch(path, options).then(function (answer) {
      return answer.text().then(function (text) {
        if (answer.ok) { return JSON.parse(text); }
        var said = text.trim();
        var fault = new Error(said);
        try {
          var told = JSON.parse(text);
          fault.message = told.error + ". " + told.hint;
          fault.card = told.card;
        } catch (error) { /* plain words */ }
        throw fault;
      });
    }, function () {
      throw new Error("The review has ended: nothing more is taken. Start notesmine review again.");
    });
  }
  function failed(error) {
    if (error.card && card && error.card.id === card.id) { // it stands otherwise than it was shown
      if (dialog.open) { dialog.close(); }
      card = error.card;
      draw();
      if (error.card.run !== there.run) {
        reload(card.id).catch(function () { /* the first fault is told */ }).then(function () { warn(error.message); });
      }
    }
    if (dialog.open) { byId("d-error").textContent = error.message; } else { warn(error.message); }
  }

  // -- the list ----------------------------------------------------------------------------------

  function query() {
    var asked = new URLSearchParams({ who: me() });
    ["theme", "kind", "tier", "seen", "words"].forEach(function (name) {
      var value = byId("f-" + name).value.trim();
      if (value) { asked.set(name, value); }
    });
    return asked;
  }
  function choices(select, first, rows) {
    var before = select.value;
    fill(select, first.concat(rows).map(function (row) {
      var option = node("option", row[1]);
      option.value = row[0];
      return option;
    }));
    if (Array.prototype.some.call(select.options, function (o) { return o.value === before; })) {
      select.value = before;
    }
  }
  function take(found) {
    there.themes = found.themes;
    there.kinds = found.kinds;
    choices(byId("f-theme"), [["", "any"], ["none", "none of them"]], found.themes.map(function (t) {
      return [t.id, t.name + (t.emergent ? " [" + t.id + "]" : "") + " (" + t.passages + ")"];
    }));
    choices(byId("f-kind"), [["", "any"]], found.kinds.map(function (k) {
      return [k.id, k.id + " (" + k.passages + ")"];
    }));
    there.run = found.run;
    there.about = found;
    count(found);
  }
  function count(found) { // how many decisions there are, and how many of mine can be taken back
    var run = there.about;
    byId("about").textContent = run.corpus + ": " + plural(run.documents, "document") +
      (run.report_date ? ", notes to " + run.report_date : "") + "; run " + run.run + "; " +
      plural(found.decisions, "decision") + (run.with_names ? "; names shown" : "; names masked");
    byId("undo").textContent = found.undo ? "(" + found.undo + ")" : "";
  }
  function reload(id) { // take the list anew, at a passage where it is in it
    return ask("api/passages?" + query()).then(function (found) {
      take(found);
      there.ids = found.ids;
      seen = new Set(found.seen);
      at = Math.max(0, there.ids.indexOf(id));
      return show();
    });
  }
  function list() { return reload("").catch(failed); }
  function themes() { return ask("api/passages?" + query()).then(take); } // the list stays
  function progress() {
    var total = there.ids.length;
    var done = there.ids.filter(function (id) { return seen.has(id); }).length;
    byId("bar").max = Math.max(total, 1);
    byId("bar").value = done;
    byId("count").textContent = done + " of " + total + " looked at";
    byId("marked").textContent = marked.size ? " (" + marked.size + " marked)" : "";
    byId("mark").setAttribute("aria-pressed", String(!!card && marked.has(card.id)));
  }

  // -- one passage -------------------------------------------------------------------------------

  function show() {
    var mine = ++turn;
    var id = there.ids[at];
    if (id === undefined) { card = null; draw(); return Promise.resolve(); }
    return ask("api/passage?" + new URLSearchParams({ id: id, who: me() })).then(function (found) {
      if (mine === turn) { card = found; draw(); }
    });
  }
  function draw() {
    progress();
    all("#buttons button, #kinds button, #mark, [data-do=split]").forEach(function (button) {
      button.disabled = !card;
    });
    if (!card) {
      byId("where").textContent = "No passage here";
      byId("source").textContent = "Nothing is left of what was asked for. Choose other passages above, or run notesmine again.";
      ["heading", "reason"].forEach(function (id) { byId(id).textContent = ""; });
      ["context", "state", "decided"].forEach(function (id) { fill(byId(id), []); });
      byId("context").hidden = true;
      return;
    }
    byId("context").hidden = false;
    byId("where").textContent = (there.ids.indexOf(card.id) + 1) + " of " + there.ids.length + ": " +
      (card.title || card.path);
    byId("source").textContent = [card.date || "undated", card.page ? "p. " + card.page : "",
      card.organisation, card.speaker ? "said by " + card.speaker : "", card.path
    ].filter(Boolean).join(" · ");
    byId("heading").textContent = card.heading.join(" > ");
    var words = node("mark", card.text);
    fill(byId("context"), [node("span", card.before, "around"), words, node("span", card.after, "around")]);
    var box = byId("context");
    box.scrollTop = Math.max(0, words.offsetTop - box.offsetTop - Math.max(40, (box.clientHeight - words.offsetHeight) / 2));
    var tags = [node("li", card.kind, "kind"),
      node("li", card.tier === "review" ? "to review" : "confirmed", card.tier)];
    card.themes.forEach(function (t) {
      var tag = node("li", t.name + (t.emergent ? " [" + t.id + "]" : ""), "theme");
      tag.title = t.definition;
      tags.push(tag);
    });
    if (!card.themes.length) { tags.push(node("li", "no code")); }
    if (card.pinned) { tags.push(node("li", "pinned", "pinned")); }
    if (!card.quotable) { tags.push(node("li", "not for quotation", "closed")); }
    fill(byId("state"), tags);
    byId("reason").textContent = machine(card.machine) +
      (card.anew ? ". A decision was taken back since the last run: the next one judges it anew." : "");
    fill(byId("decided"), card.conflicts.map(function (text) {
      return node("li", "People differ, the machine's answer stands: " + text, "torn");
    }).concat(card.decided.map(function (d) {
      return node("li", d.who + ", " + d.when + ": " + d.what + (d.why ? " (" + d.why + ")" : ""));
    })));
    byId("pin").textContent = card.pinned ? "Take the pin away" : "Pin";
    byId("veto").textContent = card.quotable ? "Veto: never quote" : "May be quoted again";
    all("#kinds button").forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.dataset.kind === card.kind));
    });
  }
  function machine(said) { // what it said by itself, whatever people decided since
    if (!said) { return "People decided; what the machine said is kept from the next run on"; }
    return "The machine said " + said.kind + (said.tier === "review" ? ", to review" : "") + ", " +
      said.probability.toFixed(2) + " for an impediment; " + (said.themes.join(", ") || "no code") +
      (said.why ? "; " + said.why : "");
  }
  function go(step) {
    var next = at + step;
    if (next < 0 || next >= there.ids.length) {
      say(next < 0 ? "This is the first passage." : "This was the last passage of the list.");
      return Promise.resolve();
    }
    at = next;
    return show().then(function () {
      if (!shown()) { return; }
      say("");
      byId("heard").textContent = "Passage " + (at + 1) + " of " + there.ids.length + ": " + card.text.slice(0, 300);
      if (card.run !== there.run) { return reload(card.id).then(function () { say("There is a new run: the list is taken anew."); }); }
    }, function (error) { // stay with the passage that is shown
      if (card && there.ids.indexOf(card.id) >= 0) { at = there.ids.indexOf(card.id); }
      throw error;
    });
  }
  // Whether the passage on the page is the one at this place of the list, and not yet the one before.
  function shown() { return Boolean(card) && card.id === there.ids[at]; }

  // -- deciding ----------------------------------------------------------------------------------

  var ONWARD = { accept: 1, reject: 1, kind: 1, recode: 1 };
  var DONE = {
    accept: "Accepted", reject: "Rejected", kind: "Kind set", recode: "Recoded", give: "Code added",
    take: "Code taken away", rename: "Renamed", merge: "Merged", split: "Split"
  };
  function decide(deed, more) {
    if (busy) { return Promise.resolve(false); }
    if (!me()) { if (dialog.open) { dialog.close(); } who.focus(); warn("Who decides? Type your initials first."); return Promise.resolve(false); }
    busy = true;
    var body = Object.assign({ deed: deed, who: me(), quote_id: card ? card.id : "", stamp: card ? card.stamp : "", why: byId("why").value.trim() }, more || {});
    return ask("api/decide", body).then(function (found) {
      byId("why").value = "";
      if (deed === "split") { marked.clear(); }
      return answered(found, DONE[deed] || (deed === "pin" ? "Pin changed" : "Veto changed"), ONWARD[deed] && byId("onward").checked);
    }, function (error) {
      failed(error);
      return false;
    }).then(function (good) { busy = false; return good; }, function (error) { busy = false; throw error; });
  }
  function answered(found, done, onward) {
    Object.keys(found.touched).forEach(function (id) {
      if (found.touched[id]) { seen.add(id); } else { seen.delete(id); }
    });
    count(found);
    var told = found.said === "as before" ? "Nothing new: you decided so before" : done + ": " + found.told.join("; ") + " (" + me() + ")";
    if (found.unkept) { told += ". Taken, but " + found.unkept; }
    var place = found.card ? there.ids.indexOf(found.card.id) : -1;
    if (found.card && place < 0 && found.said === "taken back") { // it was not in this list: show it
      there.ids.splice(at, 0, found.card.id);
      place = at;
    }
    if (place >= 0) { at = place; card = found.card; draw(); } else { progress(); }
    var last = onward && at + 1 >= there.ids.length ? ". This was the last passage of the list." : ".";
    var after = Promise.resolve();
    if (found.run !== there.run) {
      last = ". There is a new run: the list is taken anew.";
      after = reload(card ? card.id : "");
    } else {
      if (found.codes) { after = themes(); }
      if (onward && at + 1 < there.ids.length) {
        after = after.then(function () { return go(1); });
      } else if (found.codes && card) {
        after = after.then(show);
      }
    }
    return after.then(function () { say(told + last); return true; }, function (error) {
      failed(new Error(told + ". It is taken; but: " + error.message)); // what follows failed
      return true;
    });
  }
  function undo() {
    if (busy) { return; }
    if (!me()) { who.focus(); warn("Whose decision? Type your initials first."); return; }
    busy = true;
    ask("api/undo", { who: me() }).then(function (found) {
      return answered(found, "Taken back", false);
    }).catch(failed).then(function () { busy = false; });
  }

  // -- dialogs -----------------------------------------------------------------------------------

  var submit = null;
  var opener = null;
  function open(title, about, fields, done, ok) {
    byId("d-title").textContent = title;
    byId("d-about").textContent = about;
    byId("d-error").textContent = "";
    fill(byId("d-fields"), fields);
    byId("d-ok").textContent = ok || "Decide";
    submit = done;
    opener = document.activeElement;
    byId("status").textContent = "";
    dialog.showModal();
    var first = byId("d-fields").querySelector("input, select");
    if (first) { first.focus(); }
  }
  dialog.addEventListener("close", function () { // told late: the next one may be open by then
    if (dialog.open) { return; }
    submit = null;
    if (opener && opener !== document.body && !opener.disabled) { opener.focus(); } else { byId("passage").focus(); }
  });
  byId("d-no").addEventListener("click", function () { dialog.close(); });
  byId("d-form").addEventListener("submit", function (event) {
    event.preventDefault();
    var sent = submit && submit();
    if (sent) { sent.then(function (good) { if (good) { dialog.close(); } }); }
  });
  function labelled(text, field) {
    var label = node("label", text + " ");
    label.append(field);
    return label;
  }
  function textField(value) {
    var field = node("input");
    field.value = value || "";
    field.maxLength = 500;
    field.autocomplete = "off";
    return field;
  }
  function themeField(chosen, but) {
    var field = node("select");
    choices(field, [], there.themes.filter(function (t) { return t.id !== but; }).map(function (t) {
      return [t.id, t.name + (t.emergent ? " [" + t.id + "]" : "") + ", " + plural(t.passages, "passage")];
    }));
    if (chosen) { field.value = chosen; }
    return field;
  }
  function theme(id) { return there.themes.find(function (t) { return t.id === id; }); }
  function present() { // the theme that is looked at: of the filter, else the passage's first
    var chosen = byId("f-theme").value;
    if (theme(chosen)) { return chosen; }
    return card && card.themes.length ? card.themes[0].id : (there.themes[0] || {}).id;
  }
  // A list of codes with a field to narrow it; what is typed and not there becomes a new code.
  function pick(title, about, deed, rows, mayBeNew) {
    var find = textField("");
    var listed = node("select");
    listed.size = 9;
    var said = node("p", "", "quiet");
    said.setAttribute("aria-live", "polite");
    function narrow() {
      var words = find.value.trim().toLowerCase();
      var hits = rows.filter(function (t) {
        return (t.name + " " + t.id).toLowerCase().indexOf(words) >= 0;
      });
      fill(listed, hits.map(function (t) {
        var option = node("option", t.name + (t.emergent ? " [" + t.id + "]" : ""));
        option.value = t.id;
        return option;
      }));
      if (mayBeNew && words && !rows.some(function (t) { return t.name.toLowerCase() === words; })) {
        var option = node("option", "New code: " + find.value.trim());
        option.value = "";
        listed.append(option);
      }
      listed.selectedIndex = listed.options.length ? 0 : -1;
      define();
    }
    function define() {
      var hit = theme(listed.value);
      said.textContent = hit ? hit.definition : "";
    }
    find.addEventListener("input", narrow);
    find.addEventListener("keydown", function (event) {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        var step = event.key === "ArrowDown" ? 1 : -1;
        listed.selectedIndex = Math.min(Math.max(listed.selectedIndex + step, 0), listed.options.length - 1);
        define();
        if (listed.selectedIndex >= 0) { // the focus stays in the field: the name is read out here
          var reached = listed.options[listed.selectedIndex].textContent;
          said.textContent = reached + (said.textContent ? ": " + said.textContent : "");
        }
      }
    });
    listed.addEventListener("change", define);
    listed.addEventListener("keydown", function (event) {
      if (event.key === "Enter") { event.preventDefault(); byId("d-form").requestSubmit(); }
    });
    listed.addEventListener("dblclick", function () { byId("d-form").requestSubmit(); });
    narrow();
    open(title, about, [labelled("Find", find), labelled("Codes and themes", listed), said], function () {
      if (listed.selectedIndex < 0) { return null; }
      return decide(deed, listed.value ? { value: listed.value } : { name: find.value.trim() });
    });
  }
  function rename() {
    var which = themeField(present());
    var name = textField();
    var definition = textField();
    function refill() {
      var now = theme(which.value);
      name.value = now ? now.name : "";
      definition.value = now ? now.definition : "";
    }
    which.addEventListener("change", refill);
    refill();
    open("Rename or define a theme", "It keeps its id, so that what was cited stays right.",
      [labelled("Theme", which), labelled("Name", name), labelled("Definition", definition)],
      function () { return decide("rename", { on: which.value, name: name.value, definition: definition.value, quote_id: card ? card.id : "" }); });
    name.focus();
    name.select();
  }
  function merge() {
    var from = themeField(present());
    var into = themeField("", from.value);
    from.addEventListener("change", function () {
      fill(into, Array.prototype.slice.call(themeField("", from.value).options));
    });
    open("Merge a theme into another", "All its passages go with it; citations of the old id lead on.",
      [labelled("Theme that ends", from), labelled("Theme that takes over", into)],
      function () { return decide("merge", { on: from.value, value: into.value }); });
  }
  function split() {
    var from = themeField(present());
    var name = textField();
    var definition = textField();
    name.required = true;
    var ids = marked.size ? Array.from(marked) : [card.id];
    open("Split a theme", plural(ids.length, "passage") + (marked.size ? " that you marked" : ", this one") +
      " become a code of their own. The machine looks for a new code from three passages on.",
      [labelled("Theme that is split", from), labelled("Name of the new code", name), labelled("Definition", definition)],
      function () { return decide("split", { on: from.value, name: name.value, definition: definition.value, marked: ids }); });
    name.focus();
  }
  function mark() {
    if (marked.has(card.id)) { marked.delete(card.id); } else { marked.add(card.id); }
    progress();
    say(marked.has(card.id) ? plural(marked.size, "passage") + " marked for a split." : "Mark taken away.");
  }

  // -- keys, buttons, fields ---------------------------------------------------------------------

  var DO = {
    accept: function () { decide("accept"); },
    reject: function () { decide("reject"); },
    recode: function () { pick("Recode", "This code takes the place of all the passage bears.", "recode", there.themes, true); },
    give: function () { pick("Add a code", "The passage keeps those it bears.", "give", there.themes, true); },
    take: function () {
      if (!card.themes.length) { say("The passage bears no code."); return; }
      if (card.themes.length === 1) { decide("take", { value: card.themes[0].id }); return; }
      pick("Take a code away", "The passage keeps the others.", "take", card.themes, false);
    },
    pin: function () { decide("pin", { value: card.pinned ? "no" : "yes" }); },
    veto: function () { decide("veto", { value: card.quotable ? "yes" : "no" }); },
    rename: rename, merge: merge, mark: mark, split: split, undo: undo,
    previous: function () { go(-1).catch(failed); },
    next: function () { go(1).catch(failed); }
  };
  var KEYS = {
    a: "accept", x: "reject", c: "recode", "+": "give", "-": "take", p: "pin", v: "veto", n: "rename",
    m: "merge", b: "mark", s: "split", u: "undo", k: "previous", j: "next", ArrowLeft: "previous", ArrowRight: "next"
  };
  var FREE = { rename: 1, merge: 1, undo: 1, previous: 1, next: 1 }; // need no passage
  function run(name) {
    if (busy || (!shown() && !FREE[name])) { return; }
    if ((name === "rename" || name === "merge") && !there.themes.length) { return; }
    DO[name]();
  }
  document.addEventListener("click", function (event) {
    var button = event.target.closest("button[data-do]");
    if (button) { run(button.dataset.do); }
    var kind = event.target.closest("button[data-kind]");
    if (kind && shown() && !busy) { decide("kind", { value: kind.dataset.kind }); }
  });
  document.addEventListener("keydown", function (event) {
    if (dialog.open || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) { return; }
    var field = event.target.closest("input:not([type=checkbox]), select, textarea");
    if (field) {
      if (event.key === "Escape" || (event.key === "Enter" && !field.closest("#filters"))) {
        event.preventDefault();
        byId("passage").focus();
      }
      return;
    }
    if (!byId("keys").checked) { return; }
    var arrow = event.key.indexOf("Arrow") === 0;
    var name = KEYS[arrow ? event.key : event.key.toLowerCase()];
    if (event.repeat && name !== "next" && name !== "previous") { return; }
    if (name) { event.preventDefault(); run(name); return; }
    if (/^[1-7]$/.test(event.key)) {
      var button = all("#kinds button")[Number(event.key) - 1];
      if (button && shown() && !busy) { event.preventDefault(); decide("kind", { value: button.dataset.kind }); }
      return;
    }
    var target = { w: "why", i: "who", f: "f-theme" }[event.key.toLowerCase()];
    if (target) {
      event.preventDefault();
      if (target === "f-theme") { document.querySelector(".filters").open = true; }
      byId(target).focus();
    }
  });
  byId("filters").addEventListener("submit", function (event) { event.preventDefault(); list(); });
  ["theme", "kind", "tier", "seen", "words"].forEach(function (name) {
    byId("f-" + name).addEventListener("change", function () { list(); });
  });
  who.addEventListener("change", function () { list(); });

  if (window.matchMedia("(max-width: 56rem)").matches) { document.querySelector(".filters").open = false; }
  ask("api/passages?" + new URLSearchParams({ who: me(), kind: "impediment", seen: "new" })).then(function (found) {
    take(found);
    fill(byId("kinds"), found.kinds.map(function (k, n) {
      var button = node("button");
      button.type = "button";
      button.dataset.kind = k.id;
      button.append(node("kbd", String(n + 1)), " " + k.id);
      return button;
    }));
    byId("f-kind").value = "impediment";
    byId("f-seen").value = "new";
    there.ids = found.ids;
    seen = new Set(found.seen);
    if (!me()) { say("Type your initials to begin: they stand with every decision."); who.focus(); }
    return show();
  }).catch(failed);
})();
