// Keyboard shortcuts: j and k move through the list, o opens the item, u votes for it, ? shows the shortcuts.
// Readers who switch them off (on the page that ? shows) get pages without this file.
(() => {
  const ITEMS = ".posts > li, .comments li:not(.text > li)";
  // The element of an item that gets the focus: a post's title, or a comment's byline; of a folded comment its summary.
  const HEAD = ":scope > a, p, details:not([open]) > summary";
  const LINK = ":scope > a, a[href^='/comments/']:not([href$='/edit']), a[href^='/posts/']";

  let last;

  // The first matching element of the item itself, not of a reply inside it.
  const own = (item, selector) => [...item.querySelectorAll(selector)].find(found => found.closest(ITEMS) === item);

  // The current item: that with the focus, else the last one.
  const current = () => document.activeElement.closest(ITEMS) ?? (last?.isConnected ? last : null);

  const go = step => {
    const items = [...document.querySelectorAll(ITEMS)].filter(item => item.checkVisibility());
    const at = items.indexOf(current());
    const item = at < 0 ? items.find(item => item.getBoundingClientRect().bottom > 0) : items[at + step];
    if (!item) return;
    last = item;
    const head = own(item, HEAD) ?? item;
    if (head.tabIndex < 0) head.tabIndex = -1;
    head.focus({preventScroll: true});
    head.scrollIntoView({block: "nearest"});
  };

  const open = () => {
    const item = current();
    if (item) own(item, LINK)?.click();
  };

  // Without a current item, the vote is for the page's post or comment.
  const vote = () => {
    const item = current();
    (item ? own(item, ".vote") : document.querySelector("main > .byline .vote"))?.click();
  };

  // Shows the page about the shortcuts in a dialog. If there is no response, or it is another page, an alert is
  // shown (static/app.js) and the reader's typed text stays.
  const help = async () => {
    const address = document.querySelector("a[rel=help]").href;
    if (document.getElementById("keys")) return;
    let keys, status;
    try {
      const response = await fetch(address);
      status = response.status;
      keys = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("keys");
    } catch {
      status = undefined;
    }
    if (!keys) return document.dispatchEvent(new CustomEvent("keys:error", { detail: status }));
    if (document.getElementById("keys")) return;
    const dialog = document.createElement("dialog");
    dialog.ariaLabel = "Keys";
    const close = document.createElement("button");
    close.className = "button";
    close.textContent = "Close";
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    dialog.append(keys, close);
    document.body.append(dialog);
    dialog.showModal();
    close.focus();
  };

  const actions = {j: () => go(1), k: () => go(-1), o: open, u: vote, "?": help};

  document.addEventListener("keydown", event => {
    const action = Object.hasOwn(actions, event.key) && actions[event.key];
    if (!action || event.defaultPrevented || event.isComposing) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    // A key that is held down repeats only the movement.
    if (event.repeat && action !== actions.j && action !== actions.k) return;
    if (event.target.isContentEditable || event.target.closest("input, textarea, select, dialog")) return;
    event.preventDefault();
    action();
  });
})();
