//! A person at a browser: what they do, what they see, and what their browser complains of.

use std::cell::{RefCell, RefMut};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

use headless_chrome::protocol::cdp::types::Method;
use headless_chrome::protocol::cdp::{Emulation, Input, Log, Network, Page, Runtime, Target};
use headless_chrome::{Browser, LaunchOptions};
use serde_json::Value;

use crate::devtools::{Told, Wire};

use crate::harness::{Answer, PATIENCE, Raw, Site, eventually};

pub const WIDE: u32 = 1000;
pub const NARROW: u32 = 320;
/// Of everybody here.
pub const PASSWORD: &str = "correct horse";

/// What all who read at the same time share: starting a browser costs more than most tests.
struct House {
    browser: Browser,
    wire: Mutex<Wire>,
    site: Arc<Site>,
}

/// The house while somebody is in it. (A static is never dropped, and Chromium would stay behind.)
static HOUSE: Mutex<Weak<House>> = Mutex::new(Weak::new());

fn house() -> Arc<House> {
    let mut shared = held(&HOUSE);
    shared.upgrade().unwrap_or_else(|| {
        let (browser, site) = (browser(), Arc::new(Site::with(70, |_| {})));
        let wire = Mutex::new(Wire::connect(&browser.get_ws_url()));
        let house = Arc::new(House { browser, wire, site });
        *shared = Arc::downgrade(&house);
        house
    })
}

/// What a mutex holds: a test that failed while it held one must not fail the others.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn browser() -> Browser {
    // As root Chromium refuses its sandbox; and it must not look for anything beyond this machine.
    let arguments =
        ["--disable-background-networking", "--disable-quic", "--no-first-run", "--disable-component-update"];
    let options = LaunchOptions::default_builder()
        .path(Some(chromium()))
        .sandbox(false)
        .args(arguments.iter().map(OsStr::new).collect())
        .idle_browser_timeout(PATIENCE * 10)
        .build()
        .expect("the options are whole");
    Browser::new(options).expect("Chromium starts")
}

fn chromium() -> PathBuf {
    let named = std::env::var_os("CHROME").map(PathBuf::from);
    let known = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let on_the_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path)
            .flat_map(|folder| known.map(|name| folder.join(name)))
            .find(|file| file.is_file())
    };
    named.or_else(on_the_path).expect("these tests need Chromium: run bin/test, or set CHROME")
}

/// A browser of one's own, with one tab on one site: its cookies are nobody else's. When it is dropped
/// nothing may have gone wrong on any page.
pub struct Reader {
    pub site: Arc<Site>,
    tab: Target::TargetID,
    context: String,
    wire: RefCell<Wire>,
    excused: RefCell<Vec<&'static str>>,
    house: Arc<House>,
}

impl Reader {
    /// On the site that all share: who changes something there does it to what is their own.
    pub fn new() -> Reader {
        let house = house();
        Reader::on(Arc::clone(&house.site), house)
    }

    /// On a site that nobody else uses.
    pub fn alone() -> Reader {
        Reader::on(Arc::new(Site::with(70, |_| {})), house())
    }

    /// Another browser on the same site.
    pub fn another(&self) -> Reader {
        Reader::on(Arc::clone(&self.site), Arc::clone(&self.house))
    }

    fn on(site: Arc<Site>, house: Arc<House>) -> Reader {
        let context = held(&house.wire).call(Target::CreateBrowserContext {
            dispose_on_detach: None,
            proxy_server: None,
            proxy_bypass_list: None,
            origins_with_universal_network_access: None,
        });
        let context = context.map(|context| context.browser_context_id).expect("a context opens");
        let tab = held(&house.wire).call(Target::CreateTarget {
            url: "about:blank".into(),
            browser_context_id: Some(context.clone()),
            left: None,
            top: None,
            width: None,
            height: None,
            window_state: None,
            enable_begin_frame_control: None,
            new_window: None,
            background: None,
            for_tab: None,
            hidden: None,
        });
        let tab = tab.expect("a tab opens").target_id;
        let address = house.browser.get_ws_url();
        let (address, _) = address.split_once("/browser/").expect("the browser's address");
        let wire = RefCell::new(Wire::connect(&format!("{address}/page/{tab}")));
        let reader = Reader { site, tab, context, wire, excused: RefCell::default(), house };
        reader.call(Page::Enable { enable_file_chooser_opened_event: None });
        reader.call(Log::Enable(None));
        reader.call(Runtime::Enable(None));
        reader.call(Network::Enable {
            max_total_buffer_size: None,
            max_resource_buffer_size: None,
            max_post_data_size: None,
            report_direct_socket_traffic: None,
            enable_durable_messages: None,
        });
        reader.call(Page::AddScriptToEvaluateOnNewDocument {
            source: WATCH.into(),
            world_name: None,
            include_command_line_api: None,
            run_immediately: None,
        });
        // Else only one of the windows has the focus.
        reader.call(Emulation::SetFocusEmulationEnabled { enabled: true });
        reader.width(WIDE);
        reader
    }

    fn call<M: Method + serde::Serialize + std::fmt::Debug>(&self, method: M) -> M::ReturnObject {
        self.wire.borrow_mut().call(method).expect("Chromium does it")
    }

    pub fn width(&self, width: u32) {
        // What moves now is no fault of the page.
        self.try_see("window.touched = true");
        self.call(Emulation::SetDeviceMetricsOverride {
            width,
            height: 800,
            device_scale_factor: 1.0,
            mobile: width < 500,
            scale: None,
            screen_width: None,
            screen_height: None,
            position_x: None,
            position_y: None,
            dont_set_visible_size: None,
            screen_orientation: None,
            viewport: None,
            display_feature: None,
            device_posture: None,
        });
    }

    pub fn colours(&self, scheme: &str) {
        let feature = Emulation::MediaFeature { name: "prefers-color-scheme".into(), value: scheme.into() };
        self.call(Emulation::SetEmulatedMedia { media: None, features: Some(vec![feature]) });
    }

    /// Shows the page that is open as it would be printed; the next one is shown as ever.
    pub fn on_paper(&self) {
        // What moves now is no fault of the page.
        self.try_see("window.touched = true");
        self.call(Emulation::SetEmulatedMedia { media: Some("print".into()), features: None });
    }

    /// Shows the page that is open in the colours that the reader's system forces on all.
    pub fn forced_colours(&self) {
        let feature = Emulation::MediaFeature { name: "forced-colors".into(), value: "active".into() };
        self.call(Emulation::SetEmulatedMedia { media: None, features: Some(vec![feature]) });
    }

    pub fn without_javascript(&self) {
        self.call(Emulation::SetScriptExecutionDisabled { value: true });
    }

    /// Takes the network away, or gives it back.
    pub fn offline(&self, offline: bool) {
        self.call(Network::EmulateNetworkConditions {
            offline,
            latency: 0.0,
            download_throughput: -1.0,
            upload_throughput: -1.0,
            connection_Type: None,
            packet_loss: None,
            packet_queue_length: None,
            packet_reordering: None,
        });
    }

    /// Says that the test provokes complaints with this text in them.
    pub fn excuse(&self, text: &'static str) {
        self.excused.borrow_mut().push(text);
    }

    /// What the browser complained of so far.
    pub fn faults(&self) -> Vec<String> {
        self.told().word.clear();
        self.see("console.debug('that is all')");
        eventually("the browser has told everything", || {
            self.see("1");
            (self.told().word == "that is all").then_some(())
        });
        let excused = self.excused.borrow();
        self.told().faults.retain(|fault| !excused.iter().any(|text| fault.contains(text)));
        self.told().faults.clone()
    }

    fn told(&self) -> RefMut<'_, Told> {
        RefMut::map(self.wire.borrow_mut(), Wire::told)
    }

    /// The addresses of all pages so far.
    pub fn addresses(&self) -> Vec<String> {
        self.told().addresses.clone()
    }

    /// Somebody new is signed in, without the pages for it; their name.
    pub fn sign_in(&self) -> String {
        static PEOPLE: AtomicU32 = AtomicU32::new(1);
        let name = format!("reader_{}", PEOPLE.fetch_add(1, Ordering::Relaxed));
        let form = format!("screen_name={name}&password={PASSWORD}&password_confirmation={PASSWORD}");
        let answer = post(&self.site, "/users", &form.replace(' ', "+"));
        let cookies = answer.headers.iter().filter(|(name, _)| name == "Set-Cookie");
        let session = cookies
            .filter_map(|(_, cookie)| cookie.strip_prefix("session=")?.split(';').next())
            .next()
            .unwrap_or_else(|| panic!("nobody is signed in by {answer:?}"));
        self.call(Network::SetCookie {
            name: "session".into(),
            value: session.into(),
            url: Some(format!("http://{}", self.site.address)),
            domain: None,
            path: None,
            secure: None,
            http_only: Some(true),
            same_site: None,
            expires: None,
            priority: None,
            same_party: None,
            source_scheme: None,
            source_port: None,
            partition_key: None,
        });
        name
    }

    /// Signs in as somebody by the page for it.
    pub fn sign_in_as(&self, name: &str) {
        self.open("/sign_in");
        self.fill("#screen_name", name);
        self.fill("#password", PASSWORD);
        self.follow("main button");
    }

    /// Writes a post of one's own by the page for it and stays there; its path.
    pub fn new_post(&self, title: &str) -> String {
        self.open("/posts/new");
        self.fill("#title", title);
        self.fill("#description", "What there is to say about it.");
        self.follow("main button");
        let path = self.path();
        assert!(path.starts_with("/posts/"), "{path}: {}", self.text("main"));
        path
    }

    pub fn open(&self, path: &str) {
        let address = format!("http://{}{path}", self.site.address);
        self.another_page(|| {
            self.call(Page::Navigate {
                url: address,
                referrer: None,
                transition_Type: None,
                frame_id: None,
                referrer_policy: None,
            });
        });
    }

    pub fn reload(&self) {
        self.another_page(|| {
            self.call(Page::Reload { ignore_cache: None, script_to_evaluate_on_load: None, loader_id: None });
        });
    }

    /// As the button beside the address.
    pub fn back(&self) {
        self.another_page(|| {
            self.call(self.step(-1));
        });
    }

    pub fn forward(&self) {
        self.another_page(|| {
            self.call(self.step(1));
        });
    }

    fn step(&self, step: i64) -> Page::NavigateToHistoryEntry {
        let history = self.call(Page::GetNavigationHistory(None));
        let place = usize::try_from(i64::from(history.current_index) + step).expect("there is one");
        Page::NavigateToHistoryEntry { entry_id: history.entries[place].id }
    }

    /// Clicks with the mouse, which needs no JavaScript, and waits for the page that it leads to.
    pub fn follow(&self, selector: &str) {
        self.another_page(|| self.click(selector));
    }

    /// Presses a key that leads to another page, and waits for that.
    pub fn follow_by_key(&self, key: &str) {
        self.another_page(|| self.press(key));
    }

    /// Waits until another page than before is whole.
    pub fn another_page(&self, lead: impl FnOnce()) {
        let page = || {
            let page = self.try_see("document.readyState === 'complete' && performance.timeOrigin");
            page.filter(Value::is_number)
        };
        let before = page();
        lead();
        eventually("another page loads", || page().filter(|page| Some(page) != before.as_ref()));
    }

    pub fn click(&self, selector: &str) {
        let place = self.place(selector);
        self.click_at(place, 1);
    }

    /// Two clicks as fast as it goes.
    pub fn double_click(&self, selector: &str) {
        let place = self.place(selector);
        self.click_at(place, 1);
        self.click_at(place, 2);
    }

    /// The middle of an element, once it can be clicked there.
    pub fn place(&self, selector: &str) -> (f64, f64) {
        let script = format!(
            "(() => {{
                const element = document.querySelector({selector:?});
                if (!element) return null;
                element.scrollIntoView({{block: 'center', behavior: 'instant'}});
                // A link that is broken into two lines has two boxes.
                const box = element.getClientRects()[0];
                if (!box) return null;
                const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
                return element.contains(document.elementFromPoint(x, y)) ? [x, y] : null;
            }})()"
        );
        eventually(&format!("{selector} can be clicked"), || {
            let place = self.try_see(&script)?;
            Some((place.get(0)?.as_f64()?, place.get(1)?.as_f64()?))
        })
    }

    /// The `count`th click of a row of them.
    pub fn click_at(&self, (x, y): (f64, f64), count: u32) {
        use Input::DispatchMouseEventTypeOption::{MouseMoved, MousePressed, MouseReleased};
        for kind in [MouseMoved, MousePressed, MouseReleased] {
            let button = (kind != MouseMoved).then_some(Input::MouseButton::Left);
            self.call(Input::DispatchMouseEvent {
                Type: kind,
                x,
                y,
                click_count: button.as_ref().map(|_| count),
                button,
                modifiers: None,
                timestamp: None,
                buttons: None,
                force: None,
                tangential_pressure: None,
                tilt_x: None,
                tilt_y: None,
                twist: None,
                delta_x: None,
                delta_y: None,
                pointer_Type: None,
            });
        }
    }

    /// Presses Tab, Enter or the space bar.
    pub fn press(&self, key: &str) {
        use Input::DispatchKeyEventTypeOption::{KeyDown, KeyUp, RawKeyDown};
        let (code, number, text) = match key {
            "Tab" => ("Tab", 9, None),
            "Enter" => ("Enter", 13, Some("\r")),
            _ => ("Space", 32, Some(" ")),
        };
        for kind in [if text.is_some() { KeyDown } else { RawKeyDown }, KeyUp] {
            self.call(Input::DispatchKeyEvent {
                Type: kind,
                key: Some(key.into()),
                code: Some(code.into()),
                text: text.map(str::to_owned),
                windows_virtual_key_code: Some(number),
                native_virtual_key_code: Some(number),
                modifiers: None,
                timestamp: None,
                unmodified_text: None,
                key_identifier: None,
                auto_repeat: None,
                is_keypad: None,
                is_system_key: None,
                location: None,
                commands: None,
            });
        }
    }

    /// Presses the key of a character, together with others: 2 for Ctrl, 8 for Shift.
    pub fn type_key(&self, key: char, modifiers: u32) {
        use Input::DispatchKeyEventTypeOption::{KeyDown, KeyUp};
        for kind in [KeyDown, KeyUp] {
            self.call(Input::DispatchKeyEvent {
                text: (kind == KeyDown && modifiers != 2).then(|| key.into()),
                Type: kind,
                key: Some(key.into()),
                code: None,
                windows_virtual_key_code: Some(key.to_ascii_uppercase().into()),
                native_virtual_key_code: None,
                modifiers: Some(modifiers),
                timestamp: None,
                unmodified_text: None,
                key_identifier: None,
                auto_repeat: None,
                is_keypad: None,
                is_system_key: None,
                location: None,
                commands: None,
            });
        }
    }

    /// Presses Tab until the focus is on such an element. On the way it can always be seen.
    pub fn tab_to(&self, selector: &str) {
        for _ in 0..200 {
            self.press("Tab");
            assert_eq!(self.see(FOCUS_IS_SEEN), true, "{} on the way to {selector}", self.focus());
            if self.see(&format!("document.activeElement.matches({selector:?})")) == true {
                return;
            }
        }
        panic!("Tab does not lead to {selector}");
    }

    /// Types over what is in the field that has the focus.
    pub fn type_over(&self, text: &str) {
        self.see("document.activeElement.select()");
        self.call(Input::InsertText { text: text.into() });
    }

    pub fn fill(&self, selector: &str, text: &str) {
        self.click(selector);
        self.type_over(text);
        assert_eq!(self.value(selector), text);
    }

    /// What a script finds, on the page that is or that just comes.
    pub fn see(&self, script: &str) -> Value {
        eventually("the page can be looked at", || self.try_see(script))
    }

    /// The same; `None` while one page goes and another comes.
    pub fn try_see(&self, script: &str) -> Option<Value> {
        let evaluated = self.wire.borrow_mut().call(Runtime::Evaluate {
            expression: script.into(),
            return_by_value: Some(true),
            await_promise: Some(true),
            object_group: None,
            include_command_line_api: None,
            silent: None,
            context_id: None,
            generate_preview: None,
            user_gesture: None,
            throw_on_side_effect: None,
            timeout: None,
            disable_breaks: None,
            repl_mode: None,
            allow_unsafe_eval_blocked_by_csp: None,
            unique_context_id: None,
            serialization_options: None,
        });
        let evaluated = evaluated.ok()?;
        if let Some(exception) = evaluated.exception_details {
            let what = exception.exception.and_then(|exception| exception.description);
            // A page that is not there yet has no body, or not all of it.
            let is_coming = self.try_see("!document.body || document.readyState === 'loading'");
            assert!(is_coming == Some(true.into()), "{script}: {what:?}");
            return None;
        }
        Some(evaluated.result.value.unwrap_or(Value::Null))
    }

    /// Waits until a script finds something true.
    pub fn wait(&self, script: &str) {
        eventually(script, || (self.try_see(script)? == true).then_some(()));
    }

    /// Waits until what the page has asked for is there and shown: before it is said that nothing came.
    pub fn settle(&self) {
        self.see(
            "(async () => {
                await fetch(location.href);
                await new Promise(requestAnimationFrame);
                await new Promise(requestAnimationFrame);
            })()",
        );
        self.wait("document.querySelector('.htmx-request') === null");
    }

    /// Waits for a text in an element.
    pub fn wait_text(&self, selector: &str, text: &str) {
        self.wait(&format!("document.querySelector({selector:?})?.innerText.trim() === {text:?}"));
    }

    /// The text of the first such element; empty when there is none.
    pub fn text(&self, selector: &str) -> String {
        self.string(&format!("document.querySelector({selector:?})?.innerText.trim() ?? ''"))
    }

    pub fn value(&self, selector: &str) -> String {
        self.string(&format!("document.querySelector({selector:?}).value"))
    }

    pub fn count(&self, selector: &str) -> u64 {
        self.see(&format!("document.querySelectorAll({selector:?}).length")).as_u64().expect("a number")
    }

    pub fn path(&self) -> String {
        self.string("location.pathname")
    }

    pub fn flash(&self) -> String {
        self.text("#flash[role=status]")
    }

    /// What has the focus: its id, else its kind.
    pub fn focus(&self) -> String {
        self.string("document.activeElement.id || document.activeElement.tagName")
    }

    fn string(&self, script: &str) -> String {
        self.see(script).as_str().unwrap_or_else(|| panic!("{script} is no text")).into()
    }

    /// Leaves a mark that goes with the page.
    pub fn mark(&self) {
        self.see("window.marked = true");
    }

    /// Whether the page is still the one that was marked.
    pub fn is_marked(&self) -> bool {
        self.see("window.marked === true") == true
    }

    /// Panics unless this is a whole page, not a piece of one.
    pub fn assert_whole(&self) {
        for part in
            ["body > header.site-header", "#flash", "main h1", "body > footer", "link[rel=stylesheet]"]
        {
            assert_eq!(self.count(part), 1, "{part} at {}: {}", self.path(), self.text("body"));
        }
        assert_eq!(self.count("hx-partial"), 0);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        let faults = self.faults();
        let mut wire = held(&self.house.wire);
        let closed = wire.call(Target::CloseTarget { target_id: self.tab.clone() });
        let disposed = wire.call(Target::DisposeBrowserContext { browser_context_id: self.context.clone() });
        assert!(closed.is_ok() && disposed.is_ok(), "{closed:?}, {disposed:?}");
        assert!(faults.is_empty(), "the browser complained: {faults:#?}");
    }
}

/// Sends a form as no browser does, and no other site's page can.
fn post(site: &Site, path: &str, form: &str) -> Answer {
    let mut raw = Raw::connect(site.address);
    let (host, length) = (raw.host(), form.len());
    raw.send(format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {length}\r\n\r\n{form}"
    ));
    raw.answer()
}

/// Runs before any script of a page and complains of what moves before anybody has touched it. (Later
/// it depends on the machine whether what moves is taken for an answer to a click.)
const WATCH: &str = "
    window.shift = 0;
    window.touched = false;
    for (const kind of ['pointerdown', 'keydown']) addEventListener(kind, () => touched = true, true);
    // A page that comes in pieces pushes down what ends it: the footer, and the shadow under the card,
    // which has no node, or one that is called ::after.
    const ends = ({node}) => !node || node.nodeName.startsWith('::')
        || (node.closest ? node : node.parentElement)?.closest('footer');
    // Much as the browser weighs a whole entry: the part of the window that a thing moved through, times how far.
    const weight = ({previousRect: from, currentRect: to}) => {
        const width = Math.max(from.right, to.right) - Math.min(from.left, to.left);
        const height = Math.max(from.bottom, to.bottom) - Math.min(from.top, to.top);
        const distance = Math.max(Math.abs(from.x - to.x), Math.abs(from.y - to.y));
        return width * height / (innerWidth * innerHeight) * distance / Math.max(innerWidth, innerHeight);
    };
    new PerformanceObserver(list => {
        for (const entry of list.getEntries()) {
            if (touched) continue;
            // What has no place was, or is, outside the window.
            const seen = ({previousRect: from, currentRect: to}) => from.width && to.width;
            const moved = entry.sources.filter(source => seen(source) && !ends(source));
            shift += Math.min(entry.value, moved.reduce((sum, source) => sum + weight(source), 0));
            // The first links of an admin's menu, the longest, move by less when the last one comes.
            if (shift < 0.01) continue;
            const what = moved.map(({node, previousRect: from, currentRect: to}) =>
                `${node?.outerHTML ?? node?.data} from ${JSON.stringify(from)} to ${JSON.stringify(to)}`);
            console.error(`${location} moved by ${shift}: ${what.join('; ')}`);
        }
    }).observe({type: 'layout-shift', buffered: true});
";

/// Whether something has the focus, and one sees what.
const FOCUS_IS_SEEN: &str = "(() => {
    const focused = document.activeElement;
    const box = focused.getBoundingClientRect();
    return focused !== document.body && focused.matches(':focus-visible')
        && getComputedStyle(focused).outlineStyle === 'solid'
        && box.bottom > 0 && box.top < innerHeight;
})()";
