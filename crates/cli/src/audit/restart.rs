use doorward_application::Context;
use doorward_application::access::AdminError;
use doorward_application::audit_log::{RestartChain, VerifyEvents};
use doorward_domain::Actor;

use super::verify::flawed;
use crate::error::Error;
use crate::terminal::print;

/// What the command is called as an actor.
const COMMAND: &str = "audit restart-chain";

/// Begins the chain anew, if it has a flaw, and says which.
pub(crate) async fn restart_chain(context: &Context) -> Result<(), Error> {
    let request = context.internal_request(Actor::Operator(COMMAND));
    let found = VerifyEvents::new(context.clone()).run(&request).await?;
    let flaw = found.flaw.ok_or(Error::ChainHolds)?;
    let restarted = RestartChain::new(context.clone()).run(&request).await;
    let restarted = restarted.map_err(AdminError::from)?;
    print(&format!(
        "Before: {}.\n\
         The chain begins anew. {} events that were in the old one are sealed again; {} had a proof that did not hold, \
         and count as unsigned now.\n\
         Restart all servers: those that run know the old chain and seal nothing.\n",
        flawed(flaw),
        restarted.unsealed,
        restarted.refuted
    ))
}
