//! What clients ask besides.

use std::net::SocketAddr;

use serde_json::Value;

use crate::support::{agent, url};

pub(crate) fn post_with_bearer(
    server: SocketAddr,
    path: &str,
    token: &str,
    body: &Value,
) -> Result<(u16, String), ureq::Error> {
    let answer = agent()
        .post(url(server, path))
        .header("authorization", format!("Bearer {token}"))
        .content_type("application/json")
        .send(body.to_string())?;
    Ok((answer.status().as_u16(), answer.into_body().read_to_string()?))
}

/// The status of a path outside of the API, such as `/readyz`.
pub(crate) fn get_outside(server: SocketAddr, path: &str) -> Result<u16, ureq::Error> {
    let answer = agent().get(format!("http://{server}{path}")).call()?;
    Ok(answer.status().as_u16())
}
