//! What every [`Store`] has to do, as tests that any implementation can run against itself.
//!
//! ```
//! use std::sync::Arc;
//!
//! use doorward_adapters::memory::MemoryStore;
//! use doorward_testing::contract::TestStore;
//!
//! /// A fresh, empty store, or none where it cannot be tested.
//! async fn make() -> Option<TestStore> {
//!     Some(TestStore::new(Arc::new(MemoryStore::new()), ()))
//! }
//!
//! doorward_testing::store_contract!(make);
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a promise that is broken panics"
)]

pub mod accounts;
pub mod administration;
pub mod audit_chain;
pub mod audit_events;
pub mod budgets;
pub mod deletions;
pub mod devices;
pub mod lists;
pub mod outbox;
pub mod rate_limiters;
pub mod session_locks;
pub mod session_proofs;
pub mod sessions;
pub mod transactions;
pub mod users;
pub mod verifications;

use std::any::Any;
use std::sync::Arc;

use doorward_domain::user::User;
use doorward_domain::{Store, UserId};

use crate::samples;

pub use rate_limiters::TestLimiter;

/// A store under test, and what has to live as long as it.
pub struct TestStore {
    /// The store.
    pub store: Arc<dyn Store>,
    keep: Box<dyn Any + Send>,
}

impl TestStore {
    /// A store that needs `keep` to stay.
    pub fn new(store: Arc<dyn Store>, keep: impl Any + Send) -> Self {
        Self {
            store,
            keep: Box::new(keep),
        }
    }

    /// Ends the test: the store first, then what it needed.
    pub fn close(self) {
        let Self { store, keep } = self;
        drop(store);
        drop(keep);
    }
}

/// Makes one test of each promise. The argument is an async function that answers an `Option` of [`TestStore`].
#[macro_export]
macro_rules! store_contract {
    ($make:ident) => {
        $crate::store_contract! { @rooms $make;
            users: insert_and_find, email_is_unique, re_3_of_concurrent_sign_ups_one_wins, update,
                mark_email_verified, change_email, re_3_of_concurrent_moves_one_wins, any_text_survives;
            deletions: soft_delete_and_restore, restore_onto_a_taken_address, delete_takes_everything,
                delete_takes_the_deleted, purge_deleted, purging_races_with_restoring, sessions_of_deleted_users;
            administration: update_anything, usernames_are_unique, find_with_deleted, administrators_are_found,
                ac_5_administrators_take_turns, sessions_of_anybody, roles_are_compared_exactly,
                odd_lists_of_roles_mean_what_the_policy_says,
                se_6_impersonations_end_with_the_sessions;
            lists: pages, sorts, searches, filters, goes_on_after_a_place;
            accounts: insert_and_list, set_and_replace_password, concurrent_replacements, unlink,
                concurrent_unlinks_leave_one, the_password_is_that_of_the_own_account, hashes;
            sessions: insert_and_find, tk_2_a_stored_token_opens_nothing, left_by_better_auth, extend,
                concurrent_extends, se_5_no_refresh_brings_a_session_back, list_live, ac_1_delete_by_handle,
                delete_all, trim, purge_expired, any_text_survives;
            session_locks: delete_unless_extended, lock_a_session, list_impersonations;
            session_proofs: se_8_what_a_session_was_proven_by_is_kept;
            verifications: insert_and_find, re_4_consume_once, expired_is_worth_nothing, left_by_better_auth,
                tk_6_purposes_are_apart, tk_2_a_stored_identifier_opens_nothing, cancel,
                cancel_goes_by_the_user_first, insert_unless_live, purge_expired, any_text_survives, list_of_a_user;
            outbox: backlog_counts_what_waits, claim_and_remove, ids_are_unique, leases, a_lease_that_ran_out_decides_nothing, reschedule,
                what_was_removed_is_not_rescheduled, concurrent_claims, list_by_pages;
            audit_events: insert_and_list, ids_are_unique, committed_and_visible, dropped_without_trace,
                the_request_is_recorded, oldest_first, dt_2_who_is_involved_and_how, au_2_filters,
                goes_on_after_a_place, dt_2_of_a_removed_user_ids_are_left;
            audit_chain: au_1_there_is_one_chain, proofs_are_kept, au_1_seal, au_2_remove_through, au_1_unseal,
                dt_2_commitments_stay, au_1_those_who_seal_take_turns;
            budgets: rl_7_a_period_has_its_number, rl_4_waits_grow, rl_4_a_hundred_are_answered,
                rl_4_of_fifty_at_once_ten_are_granted, dropped_without_trace, refund, rl_5_reset, purge_expired;
            devices: mark_and_know, rl_5_devices_of_users_are_apart, concurrent_marks, trim, forget, purge_unseen,
                go_with_their_user;
            transactions: dropped_without_trace, committed_and_visible, unseen_before_commit, conflict,
                unique_rows_settle_races, locks_take_turns, dropped_transactions_hold_nothing;
        }
    };
    (@rooms $make:ident; $($room:ident: $($promise:ident),+;)+) => {
        $(mod $room {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $promise() {
                if let Some(test) = super::$make().await {
                    $crate::contract::$room::$promise(test.store.clone()).await;
                    test.close();
                }
            })+
        })+
    };
}

/// Adds a user and answers them.
async fn add_user(store: &Arc<dyn Store>, id: &str) -> User {
    let user = samples::user(id);
    store.users().insert(&user).await.unwrap();
    user
}

async fn present(store: &Arc<dyn Store>, id: &UserId) -> Option<User> {
    store.users().find(id).await.unwrap()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_promise_is_in_the_macro() {
        let suite = include_str!("mod.rs");
        for (room, promises) in [
            ("users", include_str!("users.rs")),
            ("deletions", include_str!("deletions.rs")),
            ("administration", include_str!("administration.rs")),
            ("lists", include_str!("lists.rs")),
            ("accounts", include_str!("accounts.rs")),
            ("sessions", include_str!("sessions.rs")),
            ("session_locks", include_str!("session_locks.rs")),
            ("session_proofs", include_str!("session_proofs.rs")),
            ("verifications", include_str!("verifications.rs")),
            ("outbox", include_str!("outbox.rs")),
            ("audit_events", include_str!("audit_events.rs")),
            ("audit_chain", include_str!("audit_chain.rs")),
            ("budgets", include_str!("budgets.rs")),
            ("devices", include_str!("devices.rs")),
            ("transactions", include_str!("transactions.rs")),
        ] {
            let (_, rest) = suite.split_once(&format!(" {room}: ")).unwrap();
            let (list, _) = rest.split_once(';').unwrap();
            let mut listed: Vec<_> = list.split(',').map(str::trim).collect();
            let written = promises.split("pub async fn ").skip(1);
            let mut written: Vec<_> = written.filter_map(|text| text.split('(').next()).collect();
            listed.sort_unstable();
            written.sort_unstable();
            assert_eq!(listed, written, "{room}");
        }
    }
}
