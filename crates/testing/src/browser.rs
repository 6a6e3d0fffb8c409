use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use doorward_domain::email::EmailMessage;
use serde_json::Value;
use ureq::http::{HeaderMap, Method, Request};

/// Sends requests and keeps cookies.
#[derive(Clone, Debug)]
pub struct Browser {
    address: SocketAddr,
    /// The `Origin` it sends with everything but `GET`, if any.
    pub origin: Option<String>,
    /// Headers it sends with every request.
    pub headers: Vec<(String, String)>,
    /// The cookies it holds, by name.
    pub cookies: BTreeMap<String, String>,
}

/// What the server answered.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

#[expect(clippy::expect_used, reason = "a request that cannot be sent fails the test")]
impl Browser {
    /// A browser without cookies, on a page of the server that listens there.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            origin: Some(format!("http://{address}")),
            headers: Vec::new(),
            cookies: BTreeMap::new(),
        }
    }

    /// Sends what follows to another address, such as that of another node, from the same page and with the same cookies.
    pub const fn turn_to(&mut self, address: SocketAddr) {
        self.address = address;
    }

    /// `GET` of a path below the base path.
    pub fn get(&mut self, path: &str) -> Response {
        self.send("GET", &format!("/api/auth{path}"), None, b"")
    }

    /// `POST` of JSON to a path below the base path.
    pub fn post(&mut self, path: &str, body: &Value) -> Response {
        let path = format!("/api/auth{path}");
        self.send(
            "POST",
            &path,
            Some("application/json"),
            body.to_string().as_bytes(),
        )
    }

    /// Follows a link out of an email.
    ///
    /// # Panics
    /// If it leads elsewhere.
    pub fn open(&mut self, message: &EmailMessage) -> Response {
        let base = format!("http://{}", self.address);
        let path = message
            .link
            .expose()
            .strip_prefix(&base)
            .expect("a link to the server")
            .to_owned();
        self.send("GET", &path, None, b"")
    }

    /// Any request to any path.
    ///
    /// # Panics
    /// If there is no answer.
    pub fn send(&mut self, method: &str, path: &str, content_type: Option<&str>, body: &[u8]) -> Response {
        let method: Method = method.parse().expect("a method");
        let mut request = Request::builder()
            .method(&method)
            .uri(format!("http://{}{path}", self.address));
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        if let Some(origin) = self.origin.as_ref().filter(|_| method != Method::GET) {
            request = request.header("origin", origin);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<_> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header("cookie", cookies.join("; "));
        }
        let request = request.body(body.to_vec()).expect("a request");
        let answer = agent().run(request).expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.into_body().read_to_vec().expect("a body");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let answer = Response {
            status,
            headers,
            text,
        };
        self.keep(&answer);
        answer
    }

    fn keep(&mut self, answer: &Response) {
        for cookie in answer.set_cookies() {
            let (name, rest) = cookie.split_once('=').unwrap_or((&cookie, ""));
            let value = rest.split(';').next().unwrap_or_default();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0);
    let config = config
        .allow_non_standard_methods(true)
        .timeout_global(Some(Duration::from_secs(30)));
    config.build().into()
}

#[expect(clippy::expect_used, reason = "an answer of another kind fails the test")]
impl Response {
    /// The body as JSON.
    ///
    /// # Panics
    /// If it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    /// The stable code of an error, or nothing.
    #[must_use]
    pub fn code(&self) -> String {
        let body: Option<Value> = serde_json::from_str(&self.text).ok();
        body.and_then(|body| body["code"].as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// A header, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The cookies it sets.
    #[must_use]
    pub fn set_cookies(&self) -> Vec<String> {
        let all = self.headers.get_all("set-cookie");
        all.iter()
            .filter_map(|value| value.to_str().ok().map(str::to_owned))
            .collect()
    }
}
