//! What two nodes on one database of PostgreSQL know of each other.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::client;
use crate::nodes::Nodes;
use crate::support::{credentials, until};

#[tokio::test(flavor = "multi_thread")]
async fn re_16_a_session_revoked_on_one_node_is_over_on_the_other_within_a_second() {
    let Some(nodes) = Nodes::two().await else {
        return;
    };
    let [one, other] = [0, 1].map(|number| nodes.servers[number].address());
    let answer = client::post(one, "/sign-up/email", None, &credentials(1)).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text);
    let token = answer.token();
    assert!(client::is_live(other, &token));
    let answer = client::post(one, "/sign-out", Some(&token), &json!({})).unwrap();
    let revoked = Instant::now();
    assert_eq!(answer.status, 200);
    until(|| !client::is_live(other, &token));
    let took = revoked.elapsed();
    // A second, and what a busy machine takes for a request.
    assert!(took < Duration::from_secs(2), "{took:?}");
}
