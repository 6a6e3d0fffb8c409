//! What clients ask, and what they look at in an answer.

use std::net::SocketAddr;

use serde_json::Value;

use crate::support::{agent, url};

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Whether it says when to come back.
    pub(crate) says_when: bool,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The token of the session that it hands out.
    pub(crate) fn token(&self) -> String {
        self.json()["token"].as_str().unwrap().to_owned()
    }

    /// Whether it is 503 and says when to come back.
    pub(crate) const fn is_unavailable(&self) -> bool {
        self.status == 503 && self.says_when
    }
}

fn answer(response: ureq::http::Response<ureq::Body>) -> Result<Answer, ureq::Error> {
    Ok(Answer {
        status: response.status().as_u16(),
        says_when: response.headers().contains_key("retry-after"),
        text: response.into_body().read_to_string()?,
    })
}

/// `POST` of JSON, with the token of a session where there is one.
pub(crate) fn post(
    server: SocketAddr,
    path: &str,
    token: Option<&str>,
    body: &Value,
) -> Result<Answer, ureq::Error> {
    let mut request = agent().post(url(server, path)).content_type("application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    answer(request.send(body.to_string())?)
}

/// Whether the token is that of a session.
pub(crate) fn is_live(server: SocketAddr, token: &str) -> bool {
    let request = agent()
        .get(url(server, "/get-session"))
        .header("authorization", format!("Bearer {token}"));
    let answer = answer(request.call().unwrap()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json().is_object()
}

/// The status of a path outside of the API, such as `/readyz`.
pub(crate) fn get_outside(server: SocketAddr, path: &str) -> Result<u16, ureq::Error> {
    let answer = agent().get(format!("http://{server}{path}")).call()?;
    Ok(answer.status().as_u16())
}
