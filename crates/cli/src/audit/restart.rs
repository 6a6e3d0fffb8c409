use doorward_application::Context;
use doorward_application::audit_log::{FormerSecret, RestartChain, VerifyEvents};
use doorward_domain::Actor;

use super::verify::flawed;
use crate::error::Error;
use crate::terminal::print;

/// What the command is called as an actor.
const COMMAND: &str = "audit restart-chain";

/// Says which flaw the chain has, and begins it anew. One without a flaw is left alone.
pub(crate) async fn restart_chain(context: &Context, is_secret_lost: bool) -> Result<(), Error> {
    let request = context.internal_request(Actor::Operator(COMMAND));
    let found = VerifyEvents::new(context.clone()).run(&request).await?;
    let flaw = flawed(found.flaw.ok_or(Error::ChainHolds)?);
    print(&format!("Found: {flaw}.\n"))?;
    let former_secret = if is_secret_lost {
        FormerSecret::Lost
    } else {
        FormerSecret::Kept
    };
    let restarted = RestartChain::new(context.clone())
        .run(&request, former_secret)
        .await?;
    print(&format!(
        "The chain begins anew. {} events that were in the old one are sealed again; {} had a proof that did not hold, \
         and count as unsigned now.\n\
         Restart all servers: those that run know the old chain and seal nothing.\n",
        restarted.unsealed, restarted.refuted
    ))
}
