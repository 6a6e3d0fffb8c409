use chrono::DateTime;
use proptest::prelude::*;

use super::*;
use crate::{Actor, UserId};

/// Signs with a digest of a secret and the message, and makes the same salt again and again.
struct DigestSigner(&'static str);

impl Signer for DigestSigner {
    fn sign(&self, message: &[u8]) -> String {
        let text = [self.0.as_bytes(), message].concat();
        format!(
            "{}.{}",
            self.0,
            hex::encode(<sha2::Sha256 as sha2::Digest>::digest(text))
        )
    }

    fn check(&self, message: &[u8], signature: &str) -> SignatureCheck {
        match signature.split_once('.') {
            Some((key, _)) if key != self.0 => SignatureCheck::OtherKey,
            _ if self.sign(message) == signature => SignatureCheck::Valid,
            _ => SignatureCheck::Invalid,
        }
    }

    fn salt(&self) -> String {
        "salt".to_owned()
    }
}

const KEY: DigestSigner = DigestSigner("key");

fn event(number: usize, signed: bool) -> AuditEvent {
    let user = UserId::from_stored(format!("user-{}", number % 3));
    let mut event = AuditEvent {
        id: format!("event-{number:03}"),
        kind: "session.issued".to_owned(),
        at: DateTime::from_timestamp_millis(1_700_000_000_000 + i64::try_from(number).unwrap()).unwrap(),
        actor_kind: Actor::USER.to_owned(),
        actor_id: Some(user.to_string()),
        session_id: None,
        impersonated_by: None,
        subject_id: Some(user),
        request_id: "request".to_owned(),
        ip_address: Some("192.0.2.9".to_owned()),
        user_agent: number.is_multiple_of(2).then(|| "browser".to_owned()),
        outcome: "success".to_owned(),
        details: None,
        proof: None,
    };
    if signed {
        event = event.signed_by(&KEY);
    }
    event
}

/// A chain of so many events, of which the first `unsigned` were written by an earlier version.
fn sealed(events: usize, unsigned: usize) -> (Chain, Vec<SealedEvent>) {
    let mut chain = Chain::empty(&KEY);
    let mut log = Vec::new();
    for number in 0..events {
        if number == unsigned {
            chain = chain.all_signed_from_here(&KEY);
        }
        let event = chain.seal(event(number, number >= unsigned), &KEY);
        chain = chain.up_to(&event, &KEY);
        log.push(event);
    }
    (chain, log)
}

/// The first flaw, and how many events come before it.
fn flaw(chain: &Chain, log: &[SealedEvent], signer: &dyn Signer) -> Option<(usize, Flaw)> {
    if let Err(flaw) = chain.check(signer) {
        return Some((0, flaw));
    }
    let mut place = chain.begin.clone();
    for (number, event) in log.iter().enumerate() {
        if let Err(flaw) = chain.check_event(&place, event, signer) {
            return Some((number, flaw));
        }
        place = event.link();
    }
    (place != chain.end).then_some((log.len(), Flaw::Removed))
}

#[test]
fn au_1_a_chain_is_as_it_was_written() {
    for (events, unsigned) in [(0, 0), (1, 0), (5, 0), (5, 2), (5, 5)] {
        let (chain, log) = sealed(events, unsigned);
        assert_eq!(flaw(&chain, &log, &KEY), None, "{events} {unsigned}");
    }
}

#[test]
fn dt_2_erasing_is_no_flaw_and_erasing_a_part_is() {
    let (chain, mut log) = sealed(4, 2);
    for event in &mut log {
        event.event.erase_personal_data();
        assert!(event.event.is_erased());
    }
    assert_eq!(flaw(&chain, &log, &KEY), None);
    let (chain, mut log) = sealed(4, 2);
    log[1].event.ip_address = None;
    assert_eq!(flaw(&chain, &log, &KEY), Some((1, Flaw::Altered)));
    let (chain, mut log) = sealed(4, 2);
    log[3].event.erase_personal_data();
    log[3].event.details = Some("written afterwards".to_owned());
    assert_eq!(flaw(&chain, &log, &KEY), Some((3, Flaw::Altered)));
}

#[test]
fn dt_2_a_commitment_tells_nothing_without_its_salt() {
    let (mut one, mut other) = (event(1, false), event(1, false));
    other.ip_address = Some("198.51.100.1".to_owned());
    one = one.signed_by(&KEY);
    other = other.signed_by(&KEY);
    for event in [&mut one, &mut other] {
        event.erase_personal_data();
    }
    let commitment = |event: &AuditEvent| event.proof.as_ref().unwrap().commitment.clone();
    assert_ne!(commitment(&one), commitment(&other));
    assert_eq!(one.proof.unwrap().salt, None);
}

#[test]
fn au_1_what_the_server_did_not_write_is_told_apart() {
    let mut forged = event(9, false);
    for proof in [
        None,
        Some(forged.unsigned_proof(&KEY)),
        Some(EventProof {
            signature: Some(KEY.sign(b"something else")),
            ..forged.unsigned_proof(&KEY)
        }),
    ] {
        // The server seals what it finds, and whoever verifies sees that it did not write it.
        forged.proof = proof;
        let (chain, mut log) = sealed(3, 1);
        let event = chain.seal(forged.clone(), &KEY);
        let chain = chain.up_to(&event, &KEY);
        log.push(event);
        assert_eq!(flaw(&chain, &log, &KEY), Some((3, Flaw::Inserted)));
    }
}

#[test]
fn au_1_another_key_is_told_apart() {
    let (chain, log) = sealed(3, 0);
    assert_eq!(
        flaw(&chain, &log, &DigestSigner("another")),
        Some((0, Flaw::OtherKey))
    );
}

#[test]
fn au_1_neither_end_can_be_cut_off() {
    let (chain, log) = sealed(5, 0);
    assert_eq!(flaw(&chain, &log[..4], &KEY), Some((4, Flaw::Removed)));
    assert_eq!(flaw(&chain, &log[1..], &KEY), Some((0, Flaw::Removed)));
    let shorter = Chain {
        end: log[3].link(),
        ..chain.clone()
    };
    assert_eq!(flaw(&shorter, &log[..4], &KEY), Some((0, Flaw::Altered)));
    let later = Chain {
        begin: log[0].link(),
        ..chain.clone()
    };
    assert_eq!(flaw(&later, &log[1..], &KEY), Some((0, Flaw::Altered)));
    // The server itself may, when the retention is over.
    assert_eq!(flaw(&chain.behind(log[0].link(), &KEY), &log[1..], &KEY), None);
}

#[derive(Clone, Debug)]
enum Tampering {
    Remove,
    Repeat,
    SwapWithNext,
    Kind,
    Subject,
    Actor,
    Time,
    Outcome,
    Address,
    Seal,
    Signature,
    Commitment,
    Number,
}

fn tampering() -> impl Strategy<Value = Tampering> {
    prop_oneof![
        Just(Tampering::Remove),
        Just(Tampering::Repeat),
        Just(Tampering::SwapWithNext),
        Just(Tampering::Kind),
        Just(Tampering::Subject),
        Just(Tampering::Actor),
        Just(Tampering::Time),
        Just(Tampering::Outcome),
        Just(Tampering::Address),
        Just(Tampering::Seal),
        Just(Tampering::Signature),
        Just(Tampering::Commitment),
        Just(Tampering::Number),
    ]
}

fn tamper(log: &mut Vec<SealedEvent>, place: usize, how: &Tampering) {
    let event = &mut log[place];
    let proof = event.event.proof.as_mut().unwrap();
    match how {
        Tampering::Remove => drop(log.remove(place)),
        Tampering::Repeat => log.insert(place, log[place].clone()),
        Tampering::SwapWithNext => {
            let next = (place + 1) % log.len();
            log.swap(place, next);
        }
        Tampering::Kind => event.event.kind.push('x'),
        Tampering::Subject => event.event.subject_id = None,
        Tampering::Actor => event.event.actor_id = Some("eve".to_owned()),
        Tampering::Time => event.event.at += chrono::TimeDelta::microseconds(1),
        Tampering::Outcome => event.event.outcome = "denied".to_owned(),
        Tampering::Address => event.event.ip_address = Some("198.51.100.1".to_owned()),
        Tampering::Seal => event.seal.push('x'),
        Tampering::Signature => proof.signature = None,
        Tampering::Commitment => proof.commitment.push('x'),
        Tampering::Number => event.seq += 1,
    }
}

proptest! {
    #[test]
    fn au_1_whatever_is_done_to_a_sealed_event_is_noticed_at_its_place(
        events in 2_usize..12,
        unsigned in 0_usize..3,
        place in any::<prop::sample::Index>(),
        how in tampering(),
        erased in proptest::collection::vec(any::<bool>(), 12),
    ) {
        let (chain, mut log) = sealed(events, unsigned);
        for (event, erased) in log.iter_mut().zip(erased) {
            if erased {
                event.event.erase_personal_data();
            }
        }
        prop_assert_eq!(flaw(&chain, &log, &KEY), None);
        let place = place.index(events);
        let before = log.clone();
        tamper(&mut log, place, &how);
        if log != before {
            let found = flaw(&chain, &log, &KEY);
            prop_assert!(found.is_some(), "{:?} at {}", how, place);
            // Whatever is first changed is first noticed.
            let first = log.iter().zip(&before).take_while(|(now, then)| now == then).count();
            prop_assert_eq!(found.unwrap().0, first, "{:?} at {}", how, place);
        }
    }
}
