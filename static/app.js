// Additions to htmx: focus, scrolling, double clicks, messages, busy controls. The site works without this file.
(() => {
  const flash = document.getElementById("flash");

  // The list items around the focused element, and the link that opened its form: where the focus goes if a
  // swap removes the element.
  let item, around, section, opener;

  document.addEventListener("htmx:before:swap", () => {
    item = document.activeElement?.closest("li[id]");
    opener = document.activeElement?.closest("form[id]")?.id.replace(/_form$/, "");
    section = item?.closest("section");
    around = [item?.nextElementSibling, item?.previousElementSibling];
    for (let outer = item; (outer = outer?.parentElement.closest("li[id]")); ) around.push(outer);
  });

  // Keeps the focus near its place: in the item, else in the next, previous or enclosing item, else at the
  // heading of the list or the page.
  document.addEventListener("htmx:after:swap", () => {
    if (!item || document.activeElement !== document.body) return;
    const link = document.getElementById(opener);
    if (link) return link.focus();
    const near = document.getElementById(item.id) ?? around.find(other => other?.isConnected);
    const place = near ?? section?.querySelector("h2") ?? document.querySelector("h1");
    item = undefined;
    if (!place) return;
    place.tabIndex = -1;
    place.focus();
  });

  // Shows a new comment, which is appended to others: opens folded replies around it and scrolls to it. A
  // top-level comment gets the focus, since its form is far away.
  document.addEventListener("htmx:after:settle", event => {
    const { task, newContent } = event.detail;
    if (task?.swapSpec?.style !== "beforeend") return;
    for (const added of newContent ?? []) {
      for (let folded; (folded = added.closest?.("details:not([open])")); ) folded.open = true;
      added.scrollIntoView?.({ block: "nearest" });
      if (!added.matches?.("#comment_list > li")) continue;
      added.tabIndex = -1;
      added.focus({ preventScroll: true });
    }
  });

  // A page that the browser kept, in its back/forward cache or in its HTTP cache, shows the account, the votes and
  // the marks of then. It is fetched anew unless nothing has changed since: no form was sent, and no discussion
  // was read, which changes the marks of unread comments. Typed text stays, unless the page is another account's.
  const store = (() => {
    try {
      return localStorage;
    } catch {
      return {}; // The browser blocks it, and with it the cookies without which no user can sign in.
    }
  })();
  const account = document.querySelector("#acts [name=account]").value;
  const madeAt = Date.now();
  const isTyped = () =>
    [...document.querySelectorAll("textarea, input:is([type=text], [type=password])")].some(
      field => field.value !== field.defaultValue,
    );

  // A comment that the reader folds stays folded on this device: the last 500 are remembered. A link to it, or to
  // a comment inside it, unfolds it.
  const folded = () => new Set(store.folded?.split(" "));
  // The browser does not know the target yet.
  const linked = () => document.getElementById(location.hash.slice(1));
  for (const id of folded()) {
    const thread = document.getElementById(id);
    if (thread && !thread.parentElement.contains(linked())) thread.open = false;
  }
  addEventListener("hashchange", () => {
    const thread = linked()?.querySelector(":scope > details");
    if (thread) thread.open = true;
  });
  document.addEventListener("toggle", event => {
    const { id, open } = event.target;
    if (!id.startsWith("thread_")) return;
    const ids = folded();
    ids.delete(id);
    if (!open) ids.add(id);
    store.folded = [...ids].slice(-500).join(" ");
  }, true);

  document.addEventListener("submit", event => {
    if (event.target.method === "post") store.changed = Date.now();
  }, true);

  addEventListener("pageshow", event => {
    const [navigation] = performance.getEntriesByType("navigation");
    const isKept = event.persisted || (navigation.type === "back_forward" && navigation.transferSize === 0);
    if (!isKept) {
      store.account = account;
      if (account !== "guest" && document.getElementById("comments")) store.changed = madeAt;
      return;
    }
    // A page out of the HTTP cache does not know when it was made.
    const isPresent = event.persisted && account === store.account && !(store.changed > madeAt);
    if (account !== "guest" && account !== store.account) document.documentElement.hidden = true;
    else if (isPresent || isTyped()) return;
    location.reload();
  });

  // Ignores the second click of a double click: by then a swap may have put another element there, such as
  // the button that destroys the next comment, or a notice may have moved a link or a heading that folds there.
  document.addEventListener("click", event => {
    if (event.detail < 2 || !event.target.closest("a, button, summary")) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  // A second click on the link that opened a form focuses the form.
  document.addEventListener("click", event => {
    const link = event.target.closest("a[hx-get]");
    if (link) document.getElementById(`${link.id}_form`)?.querySelector("textarea").focus();
  });

  // Ctrl+Enter, on a Mac Command+Enter, in a text sends its form. Escape closes a form in place, and what was typed waits
  // for the form on this page.
  const typed = new Map();
  document.addEventListener("keydown", event => {
    const { target: text, key, repeat, isComposing, ctrlKey, metaKey } = event;
    if (isComposing || repeat || !text.matches?.("textarea")) return;
    if (key === "Enter" && (ctrlKey || metaKey)) {
      event.preventDefault();
      text.form?.requestSubmit();
    }
    const cancel = key === "Escape" && text.form?.querySelector("a[id^='cancel_']");
    if (!cancel) return;
    if (text.value !== text.defaultValue) typed.set(text.id, text.value);
    cancel.click();
  });

  document.addEventListener("htmx:after:settle", () => {
    for (const [id, value] of typed) {
      const text = document.getElementById(id);
      if (!text) continue;
      text.value = value;
      typed.delete(id);
    }
  });

  // The requests under way, each with a function that undoes what shows it.
  const underWay = new Map();
  const end = ctx => {
    underWay.get(ctx)?.();
    underWay.delete(ctx);
  };

  // From 300 ms on, the control of a request says that it is busy. A request that changes something removes the
  // notice of the one before, and its text is read-only until the answer: what was typed after it was sent would
  // be lost with the form.
  document.addEventListener("htmx:before:request", event => {
    const { ctx } = event.detail;
    const control = ctx.request.submitter ?? ctx.sourceElement;
    const isChange = ctx.request.method !== "GET";
    const texts = isChange ? [...ctx.sourceElement.querySelectorAll("textarea")] : [];
    const sentence = document.createElement("p");
    sentence.className = "visually-hidden";
    sentence.textContent = "One moment…";
    const timer = setTimeout(() => {
      control.ariaBusy = "true";
      flash.append(sentence);
    }, 300);
    if (isChange) flash.replaceChildren();
    for (const text of texts) text.readOnly = true;
    underWay.set(ctx, () => {
      clearTimeout(timer);
      control.ariaBusy = null;
      sentence.remove();
      for (const text of texts) text.readOnly = false;
    });
  });

  // The control stays busy while a redirect loads another page.
  document.addEventListener("htmx:finally:request", event => {
    const { ctx } = event.detail;
    if (!ctx.response?.headers.has("HX-Redirect")) end(ctx);
  });

  // A browser may restore the page when the reader goes back: without the notice, and with nothing busy.
  addEventListener("pagehide", () => {
    flash.replaceChildren();
    [...underWay.keys()].forEach(end);
  });

  // Shows an alert, which also says that typed text is not lost.
  const showAlert = (problem, advice = "try again in a moment") => {
    const sentence = document.createElement("p");
    sentence.className = "flash alert";
    sentence.role = "alert";
    const typed = [...document.querySelectorAll("textarea")].some(field => field.value);
    sentence.textContent = `${problem}${typed ? ". What you typed is still here" : ""}: ${advice}.`;
    flash.replaceChildren(sentence);
  };

  // Shows that an answer with this status is not the site's.
  const showForeignAnswer = status => {
    if (status === 413) showAlert("That is more than the server takes", "make it shorter");
    else if (status >= 400) showAlert(`The server could not do this (${status})`);
    else showAlert("Something else answered in place of this site", "open the site in another tab, then try again");
  };

  // Without a response the change may have been made. Sending it again is safe: the site makes it once.
  document.addEventListener("htmx:error", () => showAlert("The server did not answer"));

  // An answer without page changes and without a redirect is not the site's, whatever its status: it comes from
  // the HTTP server, which refused the request before the site saw it, or from a proxy, such as a sign-in page.
  // (Only for a whole page, when the reader goes back, htmx asks otherwise.) htmx must not make its address the
  // page's.
  document.addEventListener("htmx:after:request", event => {
    const { text, response, request } = event.detail.ctx;
    if (text.includes("<hx-partial") || response.headers.has("HX-Redirect")) return;
    if (request.headers["HX-Request-Type"] === "full") return;
    event.preventDefault();
    showForeignAnswer(response.status);
  });

  // The list of keys did not come (static/keys.js): the answer's status, if there was one.
  document.addEventListener("keys:error", event => {
    if (event.detail) showForeignAnswer(event.detail);
    else showAlert("The server did not answer");
  });
})();
