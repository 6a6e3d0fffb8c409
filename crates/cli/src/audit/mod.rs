//! `doorward audit`: the audit log at the command line.

mod line;
mod restart;
mod verify;

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use doorward_application::Context;
use doorward_application::audit_log::{ListEvents, MAX_PAGE, PageRequest};
use doorward_domain::audit::{AuditEvent, EventFilter, EventOrder, Outcome};
use doorward_domain::{Actor, RequestContext, UserId, parse_moment};

use crate::arguments::EventArguments;
use crate::error::Error;
use crate::terminal::print;
pub(crate) use restart::restart_chain;
pub(crate) use verify::verify;

/// What the command is called as an actor.
const COMMAND: &str = "audit list";
/// How often new events are looked for.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a request may take until its events are there: they bear the time at which it began.
const LATEST: TimeDelta = TimeDelta::seconds(30);

/// Prints events, the latest one last, and with `--follow` those that come.
pub(crate) async fn list(context: &Context, arguments: &EventArguments) -> Result<(), Error> {
    let filter = filter(arguments, context.now())?;
    let request = context.internal_request(Actor::Operator(COMMAND));
    let written = if arguments.json { line::json } else { line::text };
    let print_all = |events: &[AuditEvent]| print(&events.iter().map(written).collect::<String>());
    let events = newest(context, &request, &filter, arguments.limit).await?;
    print_all(&events)?;
    if !arguments.follow {
        return Ok(());
    }
    let mut following = Following::new(filter, &events, request.at);
    loop {
        tokio::time::sleep(PAUSE).await;
        print_all(&following.more(context, &request).await?)?;
    }
}

/// The newest events, the latest one last.
async fn newest(
    context: &Context,
    request: &RequestContext,
    filter: &EventFilter,
    limit: u64,
) -> Result<Vec<AuditEvent>, Error> {
    let list = ListEvents::new(context.clone());
    let mut page = PageRequest::newest(limit.min(MAX_PAGE));
    let mut found = list.run(request, filter.clone(), page.clone()).await?;
    let mut events = found.events;
    while let Some(next) = found.next {
        page.after = Some(next);
        page.limit = limit.saturating_sub(count(&events)).min(MAX_PAGE);
        if page.limit == 0 {
            break;
        }
        found = list.go_on(request, filter.clone(), page.clone()).await?;
        events.append(&mut found.events);
    }
    events.reverse();
    Ok(events)
}

fn count(events: &[AuditEvent]) -> u64 {
    u64::try_from(events.len()).unwrap_or(u64::MAX)
}

/// What was printed, so that only what is new is printed next.
struct Following {
    filter: EventFilter,
    /// The ids of events that were printed and are found again.
    printed: HashSet<String>,
    /// Up to which moment events were printed.
    until: DateTime<Utc>,
}

impl Following {
    fn new(filter: EventFilter, events: &[AuditEvent], now: DateTime<Utc>) -> Self {
        Self {
            filter,
            printed: events.iter().map(|event| event.id.clone()).collect(),
            until: events.last().map_or(now, |event| event.at),
        }
    }

    /// The events that came since. A request that took long has events that are older than some that were printed: they are looked
    /// for among those of the last while, too.
    async fn more(&mut self, context: &Context, request: &RequestContext) -> Result<Vec<AuditEvent>, Error> {
        let since = (self.until - LATEST).max(self.filter.since.unwrap_or(DateTime::<Utc>::MIN_UTC));
        let filter = EventFilter {
            since: Some(since),
            ..self.filter.clone()
        };
        let mut page = PageRequest {
            order: EventOrder::OldestFirst,
            after: None,
            limit: MAX_PAGE,
        };
        let mut recent = Vec::new();
        loop {
            let list = ListEvents::new(context.clone());
            let mut found = list.go_on(request, filter.clone(), page.clone()).await?;
            recent.append(&mut found.events);
            page.after = found.next;
            if page.after.is_none() {
                break;
            }
        }
        let before = std::mem::take(&mut self.printed);
        self.printed = recent.iter().map(|event| event.id.clone()).collect();
        self.until = recent.last().map_or(self.until, |event| event.at);
        recent.retain(|event| !before.contains(&event.id));
        Ok(recent)
    }
}

fn filter(arguments: &EventArguments, now: DateTime<Utc>) -> Result<EventFilter, Error> {
    let outcome = arguments
        .outcome
        .as_deref()
        .map(|name| Outcome::named(name).ok_or_else(|| wrong("--outcome", "write success or denied")));
    let at = |argument, text: Option<&str>| {
        let moment = text.map(|text| {
            let wanted = "write 2026-01-02, 2026-01-02T03:04:05Z, or a time before now such as 24h";
            moment(text, now).ok_or_else(|| wrong(argument, wanted))
        });
        moment.transpose()
    };
    Ok(EventFilter {
        subject: arguments.user.as_deref().map(UserId::from_stored),
        actor: arguments.actor.clone(),
        kind: arguments.kind.clone(),
        outcome: outcome.transpose()?,
        since: at("--since", arguments.since.as_deref())?,
        until: at("--until", arguments.until.as_deref())?,
    })
}

fn wrong(argument: &'static str, problem: &str) -> Error {
    Error::Argument {
        argument,
        problem: problem.to_owned(),
    }
}

/// A moment, or a time before now.
fn moment(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if let Some(moment) = parse_moment(text) {
        return Some(moment);
    }
    let unit = text.chars().next_back()?;
    let number: i64 = text
        .strip_suffix(unit)?
        .parse()
        .ok()
        .filter(|number| *number >= 0)?;
    let before = match unit {
        's' => TimeDelta::try_seconds(number),
        'm' => TimeDelta::try_minutes(number),
        'h' => TimeDelta::try_hours(number),
        'd' => TimeDelta::try_days(number),
        _ => None,
    };
    now.checked_sub_signed(before?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_dates_or_times_before_now() {
        let now = parse_moment("2026-01-02T03:04:05Z").unwrap();
        for (text, expected) in [
            ("2026-01-01", "2026-01-01T00:00:00Z"),
            ("5s", "2026-01-02T03:04:00Z"),
            ("4m", "2026-01-02T03:00:05Z"),
            ("3h", "2026-01-02T00:04:05Z"),
            ("1d", "2026-01-01T03:04:05Z"),
        ] {
            assert_eq!(moment(text, now), parse_moment(expected), "{text}");
        }
        for text in ["", "h", "-1h", "1w", "1.5h", "9223372036854775807d", "soon", "5ä"] {
            assert_eq!(moment(text, now), None, "{text}");
        }
    }
}
