// Reading by keyboard: j and k go through what is listed, o opens it, u votes for it, ? tells all this. Whoever switches
// it off (the page that ? shows has the switch) gets pages without this file, and they work the same.
(() => {
  const ITEMS = ".posts > li, .comments li";
  // What of an item gets the focus: a post's title, or the line about who wrote a comment.
  const HEAD = "a, p";
  const LINK = ":scope > a, a[href^='/comments/']:not([href$='/edit']), a[href^='/posts/']";

  let last;

  // The first such element that is the item's own, not one of a reply inside it.
  const own = (item, selector) => [...item.querySelectorAll(selector)].find(found => found.closest(ITEMS) === item);

  // Where the reader is: at what has the focus, else where they were last.
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

  // Before anything is marked, the vote is for what the whole page is about.
  const vote = () => {
    const item = current();
    (item ? own(item, ".vote") : document.querySelector("main > .byline .vote"))?.click();
  };

  // The page about the keys, shown on this one. Where an answer has no such part, it is gone to; where none comes, the
  // reader stays with what they were typing.
  const help = async () => {
    const address = document.querySelector("a[rel=help]").href;
    if (document.getElementById("keys")) return;
    let keys;
    try {
      const page = new DOMParser().parseFromString(await (await fetch(address)).text(), "text/html");
      keys = page.getElementById("keys");
    } catch {
      return document.dispatchEvent(new Event("keys:error"));
    }
    if (!keys) return location.assign(address);
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

  const acts = {j: () => go(1), k: () => go(-1), o: open, u: vote, "?": help};

  document.addEventListener("keydown", event => {
    const act = Object.hasOwn(acts, event.key) && acts[event.key];
    if (!act || event.defaultPrevented || event.isComposing) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    // A key that is held down goes on through the list, and does nothing else twice.
    if (event.repeat && act !== acts.j && act !== acts.k) return;
    if (event.target.isContentEditable || event.target.closest("input, textarea, select, dialog")) return;
    event.preventDefault();
    act();
  });
})();
