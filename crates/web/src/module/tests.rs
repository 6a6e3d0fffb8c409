use std::time::Duration;

use async_trait::async_trait;
use doorward_application::Progress;
use doorward_application::hooks::{Hook, HookError};
use doorward_application::settings::Preset;
use doorward_domain::redirect::Origin;
use doorward_domain::user::User;
use doorward_domain::{BoxError, RequestContext, Transaction};
use doorward_migration::sea_orm_migration::sea_orm::DbErr;
use doorward_migration::sea_orm_migration::{MigrationName, SchemaManager};
use doorward_testing::in_memory_ports;

use super::*;

struct Step(&'static str, Option<bool>);

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.0
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        self.1
    }
}

struct Idle(&'static str);

#[async_trait]
impl Worker for Idle {
    fn name(&self) -> &'static str {
        self.0
    }

    fn pause(&self) -> Duration {
        Duration::MAX
    }

    async fn run(&self, _: &RequestContext) -> Result<Progress, BoxError> {
        Ok(Progress::Done)
    }
}

struct Sample {
    id: &'static str,
    codes: &'static [ErrorCode],
    emails: &'static [&'static str],
    events: &'static [EventKind],
    steps: fn() -> Vec<Box<dyn MigrationTrait>>,
    workers: &'static [&'static str],
}

impl Sample {
    const fn named(id: &'static str) -> Self {
        Self {
            id,
            codes: &[],
            emails: &[],
            events: &[],
            steps: Vec::new,
            workers: &[],
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

    fn migrations(&self) -> Vec<Box<dyn MigrationTrait>> {
        (self.steps)()
    }

    fn workers(&self, _: &Context) -> Vec<Arc<dyn Worker>> {
        let workers = self
            .workers
            .iter()
            .map(|name| Arc::new(Idle(name)) as Arc<dyn Worker>);
        workers.collect()
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
    const TWICE: &[ErrorCode] = &[NO, NO.with_status(409)];
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
    assert!(refusal([bringing("a", TWICE)]).is_some());
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
fn migrations_have_names_of_their_own_and_are_in_a_transaction() {
    let steps = |steps| Sample {
        steps,
        ..Sample::named("clinic")
    };
    let two: fn() -> Vec<Box<dyn MigrationTrait>> =
        || vec![Box::new(Step("a", None)), Box::new(Step("b", Some(true)))];
    assert_eq!(refusal([steps(two)]), None);
    assert!(
        refusal([steps(|| vec![
            Box::new(Step("a", None)),
            Box::new(Step("a", None))
        ])])
        .is_some()
    );
    assert!(refusal([steps(|| vec![Box::new(Step("a", Some(false)))])]).is_some());
}

fn settings() -> Settings {
    Settings::of(Preset::Hardened, Origin::loopback(3000), "/api/auth".to_owned())
}

#[test]
fn workers_have_names_of_their_own() {
    let (context, ..) = doorward_testing::in_memory_context(settings());
    let mut modules = Modules::default();
    modules
        .add(Arc::new(Sample {
            workers: &["a", "b"],
            ..Sample::named("first")
        }))
        .expect("a module");
    assert_eq!(modules.workers(&context).expect("workers").len(), 2);
    modules
        .add(Arc::new(Sample {
            workers: &["b"],
            ..Sample::named("second")
        }))
        .expect("a module");
    assert!(matches!(
        modules.workers(&context),
        Err(ModuleConflict::Worker("b"))
    ));
}

struct Nothing;

#[async_trait]
impl Hook for Nothing {
    async fn before_commit(&self, _: &dyn Transaction, _: &User) -> Result<(), HookError> {
        Ok(())
    }
}

struct Hooked;

impl Module for Hooked {
    fn id(&self) -> &'static str {
        "hooked"
    }

    fn hooks(&self, context: &Context) -> Hooks {
        assert!(
            context.ports.hooks.sign_up.is_empty(),
            "what a hook does runs no hook"
        );
        let mut hooks = Hooks::default();
        hooks.sign_up.push(Arc::new(Nothing));
        hooks
    }
}

#[test]
fn hooks_of_a_module_come_after_those_that_are_there() {
    let mut modules = Modules::default();
    modules.add(Arc::new(Hooked)).expect("a module");
    let (mut ports, ..) = in_memory_ports();
    ports.hooks.sign_up.push(Arc::new(Nothing));
    let context = modules.context(ports, settings()).expect("a context");
    assert_eq!(context.ports.hooks.sign_up.len(), 2);
    assert!(context.ports.hooks.deletion.is_empty());
}
