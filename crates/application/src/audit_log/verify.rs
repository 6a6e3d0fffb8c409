use chrono::{DateTime, Utc};
use doorward_domain::access::permissions;
use doorward_domain::audit::{Chain, Event, EventKind, Flaw, Link, SealedEvent};
use doorward_domain::{RequestContext, Signer, StoreError};

use crate::Context;
use crate::access::{AdminError, require};
use crate::audit::record;

/// The result of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// How many events are as the server wrote them, up to the first flaw.
    pub verified: u64,
    /// Of those, from how many what is personal was erased.
    pub erased: u64,
    /// Of those, how many an earlier version wrote, without a signature.
    pub unsigned: u64,
    /// Where the chain ends. Whoever keeps it elsewhere can tell later whether the log was cut off and sealed anew.
    pub end: Option<Link>,
    /// The first flaw.
    pub flaw: Option<Finding>,
    /// How many events are not sealed yet.
    pub unsealed: u64,
    /// When the oldest of them happened.
    pub oldest_unsealed: Option<DateTime<Utc>>,
}

/// A flaw, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The number in the chain.
    pub seq: i64,
    /// The id of the event; none if it is missing, or if the chain itself is meant.
    pub id: Option<String>,
    /// What is wrong.
    pub flaw: Flaw,
}

/// Verifies that the audit log is as the server wrote it.
#[derive(Clone, Debug)]
pub struct VerifyEvents {
    context: Context,
}

impl VerifyEvents {
    /// How many events are read at once.
    const BATCH: u64 = 1000;

    /// The use-case in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Walks through the log from its beginning to the first flaw. That it was verified is recorded.
    pub async fn run(&self, request: &RequestContext) -> Result<Verification, AdminError> {
        require(&self.context, request, &permissions::audit_log::READ)?;
        let found = self.verify().await?;
        let event = Event::without_subject(EventKind::EventsVerified);
        let event = match &found.flaw {
            None => event,
            Some(finding) => event
                .denied()
                .with_details(format!("{}: {}", finding.seq, finding.flaw)),
        };
        record(&self.context, request, event).await?;
        Ok(found)
    }

    async fn verify(&self) -> Result<Verification, StoreError> {
        let events = self.context.store().audit_events();
        let oldest_unsealed = events.oldest_unsealed().await?;
        let mut found = Verification {
            verified: 0,
            erased: 0,
            unsigned: 0,
            end: None,
            flaw: None,
            unsealed: events.count_unsealed().await?,
            oldest_unsealed,
        };
        found.flaw = self.walk(&mut found).await?;
        Ok(found)
    }

    /// What is personal is erased with its user and never before: where somebody came from must not be hidden.
    async fn is_rightly_erased(&self, event: &SealedEvent) -> Result<bool, StoreError> {
        if !event.event.is_erased() {
            return Ok(true);
        }
        let Some(user) = event.event.personal_of() else {
            return Ok(false);
        };
        let users = self.context.store().users();
        Ok(users.find_with_deleted(&user).await?.is_none())
    }

    async fn walk(&self, found: &mut Verification) -> Result<Option<Finding>, StoreError> {
        let events = self.context.store().audit_events();
        let Some(mut chain) = events.find_chain().await? else {
            // Without a chain nothing is sealed.
            let first = events.sealed_after(i64::MIN, 1).await?;
            return Ok(first.first().map(|event| of_chain(event.seq, Flaw::Removed)));
        };
        let signer = &*self.context.ports.signer;
        if let Err(flaw) = chain.check(signer) {
            return Ok(Some(of_chain(chain.end.seq, flaw)));
        }
        // What is before the beginning was inserted there.
        let (mut place, mut after) = (chain.begin.clone(), i64::MIN);
        loop {
            // Events first, then the chain: it reaches to whatever was found.
            let batch = events.sealed_after(after, Self::BATCH).await?;
            let Some(now) = events.find_chain().await? else {
                return Ok(Some(of_chain(place.seq, Flaw::Removed)));
            };
            if let Err(flaw) = now.check(signer) {
                return Ok(Some(of_chain(now.end.seq, flaw)));
            }
            if now.begin.seq > place.seq {
                // The retention of what comes next is over since.
                place = now.begin;
                after = place.seq;
                continue;
            }
            chain = now;
            for event in &batch {
                if let Some(finding) = check(&chain, &place, event, signer) {
                    return Ok(Some(finding));
                }
                if !self.is_rightly_erased(event).await? {
                    return Ok(Some(Finding::at(event, Flaw::Altered)));
                }
                found.count(event);
                place = event.link();
                after = event.seq;
            }
            if batch.is_empty() {
                break;
            }
        }
        found.end = Some(place.clone());
        Ok((place != chain.end).then(|| of_chain(place.seq + 1, Flaw::Removed)))
    }
}

fn check(chain: &Chain, place: &Link, event: &SealedEvent, signer: &dyn Signer) -> Option<Finding> {
    let flaw = if event.seq > chain.end.seq {
        Flaw::Inserted
    } else {
        chain.check_event(place, event, signer).err()?
    };
    Some(if flaw == Flaw::Removed {
        of_chain(place.seq + 1, flaw)
    } else {
        Finding::at(event, flaw)
    })
}

const fn of_chain(seq: i64, flaw: Flaw) -> Finding {
    Finding { seq, id: None, flaw }
}

impl Finding {
    fn at(event: &SealedEvent, flaw: Flaw) -> Self {
        Self {
            seq: event.seq,
            id: Some(event.event.id.clone()),
            flaw,
        }
    }
}

impl Verification {
    fn count(&mut self, event: &SealedEvent) {
        self.verified += 1;
        self.erased += u64::from(event.event.is_erased());
        let proof = event.event.proof.as_ref();
        self.unsigned += u64::from(proof.is_none_or(|proof| proof.signature.is_none()));
    }
}
