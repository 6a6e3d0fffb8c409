use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use doorward_domain::Client;

/// How many refusals of a minute are recorded one by one, so that nobody fills the disk with failed sign-ins: 60 by one
/// server, 20 of them from one client network. What is beyond is counted.
///
/// A client that floods takes a third at most, so that it does not hide what others do.
#[derive(Debug, Default)]
pub struct RefusalBudget(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    began_at: DateTime<Utc>,
    /// Those recorded in this window, by client network. No more than [`RefusalBudget::TOTAL`] entries.
    recorded: HashMap<String, u32>,
    total: u32,
    /// Those counted in this window.
    omitted: u64,
    /// Those counted in windows that are over, as long as no event says so.
    unsaid: u64,
}

impl RefusalBudget {
    /// How long a window is.
    pub const WINDOW: TimeDelta = TimeDelta::minutes(1);
    /// How many a server records in a window.
    pub const TOTAL: u32 = 60;
    /// How many of them are from one client network.
    pub const PER_CLIENT: u32 = 20;

    fn window(&self, now: DateTime<Utc>) -> MutexGuard<'_, Window> {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let age = now - window.began_at;
        // A clock that was set back begins a window, too.
        if age >= Self::WINDOW || age < TimeDelta::zero() {
            *window = Window {
                began_at: now,
                unsaid: window.unsaid + window.omitted,
                ..Window::default()
            };
        }
        window
    }

    /// Whether this refusal is recorded.
    pub(super) fn take(&self, client: &Client, now: DateTime<Utc>) -> bool {
        let mut window = self.window(now);
        let network = network(&client.ip_address);
        let used = window.recorded.get(&network).copied().unwrap_or_default();
        if window.total >= Self::TOTAL || used >= Self::PER_CLIENT {
            window.omitted += 1;
            return false;
        }
        window.total += 1;
        window.recorded.insert(network, used + 1);
        true
    }

    /// How many were counted in windows that are over. The caller records it.
    pub(super) fn settle(&self, now: DateTime<Utc>) -> u64 {
        std::mem::take(&mut self.window(now).unsaid)
    }

    /// It could not be recorded.
    pub(super) fn put_back(&self, unsaid: u64) {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        window.unsaid += unsaid;
    }
}

/// The address, or of an IPv6 address the half that names the network: whoever has one address has them all.
fn network(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).to_string(),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(address: &str) -> Client {
        Client::new(address.to_owned(), "browser")
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_000_000 + seconds, 0).unwrap_or_default()
    }

    fn taken(budget: &RefusalBudget, address: &str, times: u32, now: DateTime<Utc>) -> usize {
        (0..times).filter(|_| budget.take(&from(address), now)).count()
    }

    #[test]
    fn au_1_one_client_takes_a_third_of_what_is_recorded() {
        let budget = RefusalBudget::default();
        assert_eq!(taken(&budget, "192.0.2.1", 100, at(0)), 20);
        assert_eq!(taken(&budget, "192.0.2.2", 100, at(0)), 20);
        assert_eq!(taken(&budget, "192.0.2.3", 100, at(59)), 20);
        assert_eq!(taken(&budget, "192.0.2.4", 100, at(59)), 0, "nothing is left");
        assert_eq!(budget.settle(at(59)), 0, "the window is not over");
        assert_eq!(taken(&budget, "192.0.2.4", 1, at(60)), 1, "a window later");
        assert_eq!(budget.settle(at(60)), 340);
        assert_eq!(budget.settle(at(60)), 0, "once");
    }

    #[test]
    fn au_1_a_network_of_ipv6_is_one_client() {
        let budget = RefusalBudget::default();
        assert_eq!(taken(&budget, "2001:db8::1", 20, at(0)), 20);
        assert_eq!(taken(&budget, "2001:db8::ffff:0:0:2", 20, at(0)), 0);
        assert_eq!(taken(&budget, "2001:db8:0:1::1", 20, at(0)), 20);
    }

    #[test]
    fn au_1_what_could_not_be_recorded_is_recorded_later() {
        let budget = RefusalBudget::default();
        assert_eq!(taken(&budget, "", 25, at(0)), 20);
        let omitted = budget.settle(at(61));
        budget.put_back(omitted);
        assert_eq!(budget.settle(at(61)), 5);
    }

    #[test]
    fn a_clock_that_is_set_back_begins_a_window() {
        let budget = RefusalBudget::default();
        assert_eq!(taken(&budget, "", 25, at(100)), 20);
        assert_eq!(taken(&budget, "", 1, at(0)), 1);
    }
}
