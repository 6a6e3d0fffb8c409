use std::time::Duration;

use super::*;

struct Sample {
    id: &'static str,
    codes: &'static [ErrorCode],
    emails: &'static [&'static str],
    events: &'static [EventKind],
    limits: &'static [RateLimit],
}

impl Sample {
    const fn named(id: &'static str) -> Self {
        Self {
            id,
            codes: &[],
            emails: &[],
            events: &[],
            limits: &[],
        }
    }
}

impl Module for Sample {
    fn id(&self) -> &'static str {
        self.id
    }

    fn error_codes(&self) -> &'static [ErrorCode] {
        self.codes
    }

    fn rate_limits(&self) -> &'static [RateLimit] {
        self.limits
    }

    fn emails(&self) -> &'static [&'static str] {
        self.emails
    }

    fn events(&self) -> &'static [EventKind] {
        self.events
    }
}

fn refusal(modules: impl IntoIterator<Item = Sample>) -> Option<String> {
    let mut all = Modules::default();
    let added = modules
        .into_iter()
        .try_for_each(|module| all.add(Arc::new(module)));
    added.err().map(|conflict| conflict.to_string())
}

#[test]
fn a_name_is_unique_and_lower_case() {
    assert_eq!(refusal([Sample::named("clinic"), Sample::named("ward_2")]), None);
    assert!(refusal([Sample::named("clinic"), Sample::named("clinic")]).is_some());
    for wrong in ["", "Clinic", "2clinic", "my-clinic", "a.b", "_a"] {
        assert!(refusal([Sample::named(wrong)]).is_some(), "{wrong}");
    }
}

const NO: ErrorCode = ErrorCode {
    status: 400,
    code: "NO",
    message: "No",
};

#[test]
fn a_code_has_one_meaning_whoever_brings_it() {
    const SAME: &[ErrorCode] = &[NO];
    const OTHER: &[ErrorCode] = &[NO.with_status(409)];
    const GENERAL: &[ErrorCode] = &[ErrorCode {
        code: "UNAUTHORIZED",
        ..NO
    }];
    let bringing = |id, codes| Sample {
        codes,
        ..Sample::named(id)
    };
    assert_eq!(refusal([bringing("a", SAME), bringing("b", SAME)]), None);
    assert!(refusal([bringing("a", SAME), bringing("b", OTHER)]).is_some_and(|text| text.contains("`NO`")));
    assert!(refusal([bringing("a", GENERAL)]).is_some());
}

#[test]
fn emails_and_events_are_named_after_their_module() {
    const WRONG: [&[&str]; 6] = [
        &["discharge"],
        &["clinic"],
        &["clinic."],
        &["clinics.discharge"],
        &["clinic.Discharge"],
        &["clinic.a", "clinic.a"],
    ];
    let emails = |emails| Sample {
        emails,
        ..Sample::named("clinic")
    };
    let events = |events| Sample {
        events,
        ..Sample::named("clinic")
    };
    assert_eq!(refusal([emails(&["clinic.discharge", "clinic.admission"])]), None);
    assert_eq!(refusal([events(&[EventKind::Module("clinic.discharged")])]), None);
    for wrong in WRONG {
        assert!(refusal([emails(wrong)]).is_some(), "{wrong:?}");
    }
    assert!(refusal([events(&[EventKind::Module("user.deleted")])]).is_some());
}

#[test]
fn a_limit_is_about_a_path_that_is_served() {
    const SECOND: Duration = Duration::from_secs(1);
    const RIGHT: &[RateLimit] = &[
        RateLimit::path("/patients", 1, SECOND),
        RateLimit::prefix("/pat", 1, SECOND),
    ];
    const WRONG: [&[RateLimit]; 2] = [
        &[RateLimit::path("/pat", 1, SECOND)],
        &[RateLimit::prefix("/doctors", 1, SECOND)],
    ];
    let check = |limits| {
        let mut modules = Modules::default();
        let module = Sample {
            limits,
            ..Sample::named("clinic")
        };
        modules.add(Arc::new(module)).expect("a module");
        modules.check_rate_limits(&["/patients", "/patients/discharge"])
    };
    assert!(check(RIGHT).is_ok());
    for wrong in WRONG {
        assert!(check(wrong).is_err(), "{wrong:?}");
    }
}
