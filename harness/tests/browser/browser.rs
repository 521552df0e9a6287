//! A headless Chromium, driven by its debugging protocol.

use ocipick_adapters::process::{
    Cancel, Daemon, DaemonSpec, Invocation, Isolation, Readiness, find_on_system,
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tungstenite::{Message, WebSocket};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why a test failed, for people.
pub(crate) type Outcome<T = ()> = Result<T, String>;

/// A browser with one page. Dropping it ends it with all that it started.
pub(crate) struct Browser {
    socket: WebSocket<TcpStream>,
    session: String,
    last: u64,
    /// What the page complained of.
    pub(crate) complaints: Vec<String>,
    /// Which page it is: each load has a name of its own.
    loader: String,
    /// The loads that are complete.
    loaded: BTreeSet<String>,
    _process: Daemon,
    _room: tempfile::TempDir,
}

/// Where Chromium is on this machine.
pub(crate) fn chromium() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find_map(|name| find_on_system(Path::new(name)))
}

impl Browser {
    /// Starts a browser with an empty page of this size.
    pub(crate) fn start(chromium: &Path, width: u32, height: u32) -> Outcome<Self> {
        let sandbox = tempfile::tempdir().map_err(said("no room"))?;
        let home = sandbox.path().join("home");
        fs::create_dir(&home).map_err(said("no home"))?;
        let profile = sandbox.path().join("profile");
        let port = profile.join("DevToolsActivePort");
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let mut args = vec![
            "--headless=new".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--hide-scrollbars".to_owned(),
            "--remote-debugging-port=0".to_owned(),
            format!("--user-data-dir={}", text(&profile)),
            "about:blank".to_owned(),
        ];
        if nix::unistd::geteuid().is_root() {
            // Its sandbox does not work for root, and all that it is shown is ours.
            args.insert(0, "--no-sandbox".to_owned());
        }
        let answers = || {
            let lines = fs::read_to_string(&port).unwrap_or_default();
            if lines.lines().count() >= 2 {
                Readiness::Ready
            } else {
                Readiness::NotYet
            }
        };
        let process = Daemon::start(
            &DaemonSpec {
                name: "chromium",
                invocation: Invocation {
                    program: chromium.to_owned(),
                    args,
                    env: BTreeMap::from([
                        ("HOME".to_owned(), text(&home)),
                        // Its process is ended, and leaves its temporary files behind.
                        ("TMPDIR".to_owned(), text(&home)),
                        ("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned()),
                    ]),
                    isolation: Isolation::None,
                    deadline: PATIENCE,
                    output: sandbox.path().join("chromium"),
                    reveal: None,
                },
                log: sandbox.path().join("chromium.log"),
                ready: &answers,
            },
            &Cancel::default(),
        )
        .map_err(said("chromium does not start"))?;
        let lines = fs::read_to_string(&port).map_err(said("no port"))?;
        let (port, path) = lines.trim().split_once('\n').ok_or("no port")?;
        let address = format!("127.0.0.1:{port}");
        let stream = TcpStream::connect(&address).map_err(said("no connection"))?;
        stream
            .set_read_timeout(Some(PATIENCE))
            .map_err(said("no timeout"))?;
        let (socket, _) = tungstenite::client(format!("ws://{address}{path}"), stream)
            .map_err(|error| format!("no handshake: {error}"))?;
        let mut browser = Self {
            socket,
            session: String::new(),
            last: 0,
            complaints: Vec::new(),
            loader: String::new(),
            loaded: BTreeSet::new(),
            _process: process,
            _room: sandbox,
        };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}))?;
        let session = browser.call(
            "Target.attachToTarget",
            json!({"targetId": target["targetId"], "flatten": true}),
        )?;
        browser.session = session["sessionId"].as_str().unwrap_or_default().to_owned();
        for domain in ["Page", "Runtime", "Log", "Network", "Accessibility"] {
            browser.call(&format!("{domain}.enable"), json!({}))?;
        }
        browser.call("Page.setLifecycleEventsEnabled", json!({"enabled": true}))?;
        browser.resize(width, height)?;
        Ok(browser)
    }

    /// Calls a method of the protocol.
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Outcome<Value> {
        self.last += 1;
        let number = self.last;
        let mut message = json!({"id": number, "method": method, "params": params});
        if !self.session.is_empty() {
            message["sessionId"] = Value::from(self.session.clone());
        }
        self.socket
            .send(Message::text(message.to_string()))
            .map_err(said(method))?;
        loop {
            let answer = self.read().map_err(|error| format!("{method}: {error}"))?;
            if answer["id"] == number {
                return match answer.get("error") {
                    Some(error) => Err(format!("{method}: {error}")),
                    None => Ok(answer["result"].clone()),
                };
            }
        }
    }

    /// Waits until the page of a load that `wanted` accepts is complete, which is the page from then on.
    fn arrive(&mut self, wanted: impl Fn(&str) -> bool) -> Outcome {
        let began = Instant::now();
        loop {
            if let Some(loader) = self.loaded.iter().find(|loader| wanted(loader)) {
                self.loader = loader.clone();
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                return Err("the page is not complete".to_owned());
            }
            self.read()?;
        }
    }

    fn read(&mut self) -> Outcome<Value> {
        let message = self.socket.read().map_err(said("no answer"))?;
        let Message::Text(text) = message else {
            return Ok(Value::Null);
        };
        let message: Value = serde_json::from_str(text.as_str()).map_err(said("no JSON"))?;
        let params = &message["params"];
        match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => {
                self.complaints.push(params["exceptionDetails"].to_string());
            }
            Some("Log.entryAdded") if params["entry"]["level"] == "error" => {
                self.complaints.push(params["entry"].to_string());
            }
            Some("Runtime.consoleAPICalled") if params["type"] == "error" => {
                self.complaints.push(params["args"].to_string());
            }
            Some("Network.requestWillBeSent") => {
                let url = params["request"]["url"].as_str().unwrap_or_default();
                let near = ["file:", "data:", "about:", "blob:"];
                if !near.iter().any(|scheme| url.starts_with(scheme)) {
                    self.complaints
                        .push(format!("it asks the network for {url}"));
                }
            }
            Some("Page.lifecycleEvent") if params["name"] == "load" => {
                let loader = params["loaderId"].as_str().unwrap_or_default();
                self.loaded.insert(loader.to_owned());
            }
            Some(_) | None => {}
        }
        Ok(message)
    }

    /// Goes to an address and waits until all of it is there and was shown.
    pub(crate) fn open(&mut self, url: &str) -> Outcome {
        self.load(url)?;
        self.settle()
    }

    /// Goes to an address and waits until all of it is there.
    pub(crate) fn load(&mut self, url: &str) -> Outcome {
        // The same page with another fragment would not be loaded anew.
        for url in ["about:blank", url] {
            let answer = self.call("Page.navigate", json!({"url": url}))?;
            if let Some(error) = answer.get("errorText").filter(|it| !it.is_null()) {
                return Err(format!("{url}: {error}"));
            }
            // A page that is there already is not loaded.
            if let Some(loader) = answer["loaderId"].as_str() {
                self.arrive(|known| known == loader).map_err(said(url))?;
            }
        }
        Ok(())
    }

    /// Does what leads to another page, and waits for that.
    pub(crate) fn follow(&mut self, act: impl FnOnce(&mut Self) -> Outcome) -> Outcome {
        let here = self.loader.clone();
        self.loaded.clear();
        act(self)?;
        self.arrive(|known| known != here)?;
        self.settle()
    }

    /// Clicks on what an expression finds, which leads to another page, and waits for that.
    pub(crate) fn click_away(&mut self, expression: &str) -> Outcome {
        // Not told by its answer: the page may be gone before there is one.
        let script = format!("{{ const it = {expression}; setTimeout(() => it.click(), 0); }}");
        self.follow(|browser| browser.eval(&script).map(drop))
    }

    /// Waits until an expression holds.
    pub(crate) fn until(&mut self, expression: &str) -> Outcome {
        let began = Instant::now();
        loop {
            let value = self.eval(expression)?;
            if value == Value::Bool(true) {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("{expression} stays {value}"));
            }
            self.settle()?;
        }
    }

    /// Waits until nothing is left to do on the page.
    pub(crate) fn settle(&mut self) -> Outcome {
        self.eval(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => \
             setTimeout(done, 120))))",
        )?;
        Ok(())
    }

    /// The value of an expression on the page; of a promise, once it is kept.
    pub(crate) fn eval(&mut self, expression: &str) -> Outcome<Value> {
        let answer = self.call(
            "Runtime.evaluate",
            json!({"expression": expression, "returnByValue": true, "awaitPromise": true}),
        )?;
        match answer.get("exceptionDetails") {
            Some(details) => Err(format!("{expression}: {details}")),
            None => Ok(answer["result"]["value"].clone()),
        }
    }

    /// The same for a number.
    pub(crate) fn number(&mut self, expression: &str) -> Outcome<u64> {
        let value = self.eval(expression)?;
        value
            .as_f64()
            .map(|number| number as u64)
            .ok_or_else(|| format!("{expression} is {value}"))
    }

    /// The same for a text.
    pub(crate) fn text(&mut self, expression: &str) -> Outcome<String> {
        let value = self.eval(expression)?;
        value
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| format!("{expression} is {value}"))
    }

    /// Presses a key, and waits for what that does to the page.
    pub(crate) fn press(&mut self, key: &str) -> Outcome {
        self.strike(key)?;
        self.settle()
    }

    /// Presses a key, which may lead away from the page.
    pub(crate) fn strike(&mut self, key: &str) -> Outcome {
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            "Home" => 36,
            "End" => 35,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            "Tab" => 9,
            _ => 0,
        };
        let mut down = json!({"type": "keyDown", "key": key, "windowsVirtualKeyCode": code});
        if key.len() == 1 {
            down["text"] = Value::from(key);
        }
        if key == "Enter" {
            down["text"] = Value::from("\r");
        }
        self.call("Input.dispatchKeyEvent", down)?;
        let up = json!({"type": "keyUp", "key": key, "windowsVirtualKeyCode": code});
        self.call("Input.dispatchKeyEvent", up)?;
        Ok(())
    }

    /// Makes the page this large.
    pub(crate) fn resize(&mut self, width: u32, height: u32) -> Outcome {
        self.call(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}),
        )?;
        Ok(())
    }

    /// Asks for a medium and a colour scheme.
    pub(crate) fn media(&mut self, medium: &str, scheme: &str) -> Outcome {
        self.call(
            "Emulation.setEmulatedMedia",
            json!({"media": medium, "features": [{"name": "prefers-color-scheme", "value": scheme}]}),
        )?;
        self.settle()
    }

    /// The whole accessibility tree: what a screen reader is told. It is made some time after the page,
    /// and so it is asked for until it stays as it is.
    pub(crate) fn accessibility(&mut self) -> Outcome<Vec<Value>> {
        let began = Instant::now();
        let mut before = 0;
        loop {
            let mut tree = self.call("Accessibility.getFullAXTree", json!({}))?;
            let Value::Array(nodes) = tree["nodes"].take() else {
                return Err("there is no accessibility tree".to_owned());
            };
            if nodes.len() == before {
                return Ok(nodes);
            }
            if began.elapsed() > PATIENCE {
                return Err("the accessibility tree does not come to rest".to_owned());
            }
            before = nodes.len();
            self.settle()?;
        }
    }

    /// Fails where the page complained of anything.
    pub(crate) fn no_complaints(&mut self) -> Outcome {
        // Whatever was under way has arrived when this is answered.
        self.eval("0")?;
        if self.complaints.is_empty() {
            Ok(())
        } else {
            Err(format!(
                "the page complains: {}",
                self.complaints.join("\n")
            ))
        }
    }
}

/// An error with words before it.
pub(crate) fn said<E: std::fmt::Display>(words: &str) -> impl FnOnce(E) -> String {
    let words = words.to_owned();
    move |error| format!("{words}: {error}")
}
