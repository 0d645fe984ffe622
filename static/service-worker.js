// Lets the site be installed as an app. It keeps nothing: the pages are fast, and always fresh.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
