//! The API description, made from the routes themselves.

use std::collections::HashMap;

use actix_web::App;
use doorward_application::Context;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa_actix_web::AppExt;

use crate::module::{Module, ModuleConflict, Modules};
use crate::system::{healthz, readyz};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Doorward",
        description = "User management over Better Auth's protocol: sign up, sign in, sessions, verification, passwords.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "password", description = "Signing up, signing in and looking after the password"),
        (name = "session", description = "Who is signed in, and where"),
        (name = "user", description = "The own name, picture and address; the own end"),
        (name = "verification", description = "Showing that an address is one's own"),
        (name = "account", description = "Ways to sign in"),
        (name = "access", description = "Looking after other people's users, for those who may"),
        (name = "audit_log", description = "What was done, by whom and to whom"),
        (name = "system", description = "The server about itself"),
    ),
)]
struct Frame;

/// Describes what these modules serve. A route that would never be reached is refused.
pub(crate) fn document(context: &Context, modules: &Modules) -> Result<OpenApi, ModuleConflict> {
    let base_path = &*context.settings.base_path;
    check_routes(context, modules)?;
    let scope =
        utoipa_actix_web::scope(base_path).configure(|config: &mut _| modules.register(context, config));
    let (_, mut document) = App::new()
        .into_utoipa_app()
        .openapi(Frame::openapi())
        .service(scope)
        .service(healthz)
        .service(readyz)
        .split_for_parts();
    let cookie =
        ApiKeyValue::with_description("better-auth.session_token", "Set by signing up and signing in");
    if let Some(components) = &mut document.components {
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
    identify(base_path, &mut document)?;
    Ok(document)
}

/// Refuses a route whose path an earlier module serves: that one would answer. In the document of all modules it could not be
/// told, where the later of two operations is dropped.
fn check_routes(context: &Context, modules: &Modules) -> Result<(), ModuleConflict> {
    let mut served: Vec<(&'static str, String)> = Vec::new();
    for module in modules.iter() {
        let routes = utoipa_actix_web::scope("").configure(|config: &mut _| module.routes(context, config));
        let (_, mut document) = App::new().into_utoipa_app().service(routes).split_for_parts();
        let mut own = Vec::new();
        for (path, item) in &mut document.paths.paths {
            for (method, _) in operations(item) {
                if !METHODS.contains(&method) {
                    return Err(ModuleConflict::Method {
                        module: module.id(),
                        path: path.clone(),
                    });
                }
                let mut earlier = served.iter().chain(&own);
                if let Some((_, earlier)) =
                    earlier.find(|(other, pattern)| *other == method && covers(pattern, path))
                {
                    return Err(ModuleConflict::Route {
                        module: module.id(),
                        path: format!("{} {path}", method.to_uppercase()),
                        earlier: earlier.clone(),
                    });
                }
            }
            own.extend(operations(item).map(|(method, _)| (method, path.clone())));
        }
        served.extend(own);
    }
    for module in modules.iter() {
        check_limits(module, &served)?;
    }
    Ok(())
}

/// The methods that are served.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Whether requests to `path` match `pattern` first, if that was registered before. Both have the same number of segments then.
fn covers(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    let is_covered = |(ours, theirs): (&&str, &&str)| ours == theirs || ours.starts_with('{');
    pattern.len() == path.len() && pattern.iter().zip(&path).all(is_covered)
}

/// Refuses a limit on requests to a path that nobody serves.
fn check_limits(module: &dyn Module, served: &[(&str, String)]) -> Result<(), ModuleConflict> {
    let limits = module.rate_limits().iter();
    let mut unserved = limits.filter(|limit| !served.iter().any(|(_, path)| limit.covers(path)));
    match unserved.next() {
        Some(limit) => Err(ModuleConflict::RateLimit {
            module: module.id(),
            path: limit.path,
        }),
        None => Ok(()),
    }
}

/// Gives every operation the id that follows from its method and path. Readers of the document (Swagger UI, generators
/// of clients) go by these ids, so no two operations may have one.
fn identify(base_path: &str, document: &mut OpenApi) -> Result<(), ModuleConflict> {
    let mut known: HashMap<String, String> = HashMap::new();
    for (path, item) in &mut document.paths.paths {
        let relative = path.strip_prefix(base_path).unwrap_or(path);
        for (method, operation) in operations(item) {
            let id = operation_id(method, relative);
            operation.operation_id = Some(id.clone());
            let name = format!("{} {path}", method.to_uppercase());
            if let Some(first) = known.insert(id.clone(), name.clone()) {
                return Err(ModuleConflict::Operation {
                    id,
                    first,
                    second: name,
                });
            }
        }
    }
    Ok(())
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let all = [
        ("get", &mut item.get),
        ("put", &mut item.put),
        ("post", &mut item.post),
        ("delete", &mut item.delete),
        ("options", &mut item.options),
        ("head", &mut item.head),
        ("patch", &mut item.patch),
        ("trace", &mut item.trace),
        ("query", &mut item.query),
    ];
    all.into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// `post` and `/admin/update-user` make `postAdminUpdateUser`; a parameter `{token}` makes `ByToken`.
fn operation_id(method: &str, path: &str) -> String {
    let mut id = method.to_owned();
    for segment in path.split('/') {
        if segment.starts_with('{') {
            id.push_str("By");
        }
        for word in segment.split(|message: char| !message.is_ascii_alphanumeric()) {
            let mut emails = word.chars();
            id.extend(emails.next().map(|first| first.to_ascii_uppercase()));
            id.push_str(emails.as_str());
        }
    }
    id
}

/// The document as text.
pub(crate) fn to_text(document: &OpenApi) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use actix_web::{HttpResponse, get, head, post};
    use doorward_application::settings::{Preset, Settings};
    use doorward_domain::redirect::Origin;
    use utoipa_actix_web::service_config::ServiceConfig;

    use super::*;
    use crate::RateLimit;

    #[utoipa::path(responses((status = 200)))]
    #[get("/notes/list")]
    async fn list() -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    #[utoipa::path(operation_id = "list", responses((status = 200)))]
    #[post("/tasks/list")]
    async fn list_tasks() -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    #[utoipa::path(responses((status = 200)))]
    #[get("/notes-list")]
    async fn list_too() -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    struct Notes;

    impl Module for Notes {
        fn id(&self) -> &'static str {
            "notes"
        }

        fn routes(&self, _: &Context, config: &mut ServiceConfig<'_>) {
            config.service(list).service(list_tasks);
        }
    }

    struct Others;

    impl Module for Others {
        fn id(&self) -> &'static str {
            "others"
        }

        fn routes(&self, _: &Context, config: &mut ServiceConfig<'_>) {
            config.service(list_too);
        }
    }

    fn context() -> Context {
        let settings = Settings::of(Preset::Hardened, Origin::loopback(3000), "/api/auth".to_owned());
        doorward_testing::in_memory_context(settings).0
    }

    #[test]
    fn an_operation_is_called_by_its_method_and_path() {
        assert_eq!(operation_id("post", "/update-user"), "postUpdateUser");
        assert_eq!(operation_id("post", "/admin/update-user"), "postAdminUpdateUser");
        assert_eq!(
            operation_id("get", "/reset-password/{token}"),
            "getResetPasswordByToken"
        );
        assert_eq!(
            operation_id("get", "/notes/{note_id}/pages"),
            "getNotesByNoteIdPages"
        );
    }

    #[test]
    fn two_handlers_of_one_name_are_two_operations() {
        let mut modules = Modules::default();
        modules.add(Arc::new(Notes)).unwrap();
        let document = document(&context(), &modules).unwrap();
        let mut paths = document.paths.paths.clone();
        let mut id = |path: &str| {
            let (_, operation) = operations(paths.get_mut(path).unwrap()).next().unwrap();
            operation.operation_id.clone().unwrap()
        };
        assert_eq!(id("/api/auth/notes/list"), "getNotesList");
        assert_eq!(id("/api/auth/tasks/list"), "postTasksList");
        assert_eq!(id("/healthz"), "getHealthz");
    }

    #[test]
    fn two_operations_with_one_id_are_refused_by_name() {
        let mut modules = Modules::default();
        modules.add(Arc::new(Notes)).unwrap();
        modules.add(Arc::new(Others)).unwrap();
        let Err(error) = document(&context(), &modules) else {
            panic!("both are called getNotesList");
        };
        let text = error.to_string();
        for part in [
            "getNotesList",
            "GET /api/auth/notes/list",
            "GET /api/auth/notes-list",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[utoipa::path(params(("name" = String, Path)), responses((status = 200)))]
    #[get("/notes/{name}")]
    async fn read() -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    #[utoipa::path(params(("id" = String, Path)), responses((status = 200)))]
    #[get("/notes/{id}")]
    async fn find() -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    #[utoipa::path(responses((status = 200)))]
    #[head("/notes/list")]
    async fn look() -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    /// A module that is its name, its routes and its limits.
    struct Serving(&'static str, fn(&mut ServiceConfig<'_>), &'static [RateLimit]);

    impl Module for Serving {
        fn id(&self) -> &'static str {
            self.0
        }

        fn routes(&self, _: &Context, config: &mut ServiceConfig<'_>) {
            self.1(config);
        }

        fn rate_limits(&self) -> &'static [RateLimit] {
            self.2
        }
    }

    fn refusal(modules: impl IntoIterator<Item = Serving>) -> Option<ModuleConflict> {
        let mut all = Modules::default();
        for module in modules {
            all.add(Arc::new(module)).unwrap();
        }
        check_routes(&context(), &all).err()
    }

    #[test]
    fn a_route_that_is_never_reached_is_refused() {
        let module = |id, routes: fn(&mut ServiceConfig<'_>)| Serving(id, routes, &[]);
        let list_first = [
            module("a", |config| _ = config.service(list)),
            module("b", |config| _ = config.service(read)),
        ];
        assert!(
            refusal(list_first).is_none(),
            "other names than `list` reach the second"
        );
        let same = [
            module("a", |config| _ = config.service(list)),
            module("b", |config| _ = config.service(list)),
        ];
        let behind_a_parameter = [
            module("a", |config| _ = config.service(read)),
            module("b", |config| _ = config.service(list)),
        ];
        let two_parameters = [
            module("a", |config| _ = config.service(read)),
            module("b", |config| _ = config.service(find)),
        ];
        for modules in [same, behind_a_parameter, two_parameters] {
            assert!(matches!(
                refusal(modules),
                Some(ModuleConflict::Route { module: "b", .. })
            ));
        }
        let in_one = [module("a", |config| _ = config.service(read).service(find))];
        assert!(matches!(
            refusal(in_one),
            Some(ModuleConflict::Route { module: "a", .. })
        ));
    }

    #[test]
    fn a_method_that_is_not_served_is_refused() {
        let module = Serving("a", |config| _ = config.service(look), &[]);
        assert!(matches!(refusal([module]), Some(ModuleConflict::Method { .. })));
    }

    #[test]
    fn a_limit_is_about_a_path_that_is_served() {
        const SECOND: Duration = Duration::from_secs(1);
        const RIGHT: &[RateLimit] = &[
            RateLimit::path("/notes/list", 1, SECOND),
            RateLimit::prefix("/no", 1, SECOND),
        ];
        const WRONG: [&[RateLimit]; 2] = [
            &[RateLimit::path("/no", 1, SECOND)],
            &[RateLimit::prefix("/tasks", 1, SECOND)],
        ];
        let limited = |limits| refusal([Serving("a", |config| _ = config.service(list), limits)]);
        assert!(limited(RIGHT).is_none());
        for wrong in WRONG {
            let refusal = limited(wrong);
            assert!(
                matches!(refusal, Some(ModuleConflict::RateLimit { .. })),
                "{wrong:?}"
            );
        }
    }
}
