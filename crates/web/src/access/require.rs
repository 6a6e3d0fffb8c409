//! Middleware that guards a whole scope.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::rc::Rc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::{Error, ResponseError};
use doorward_domain::access::Permission;

use super::guard::{Access, permitted};

/// Lets in who has a role: 401 for nobody, 403 with the code `FORBIDDEN` for somebody else.
///
/// A permission says more and lasts longer: prefer [`RequirePermission`].
#[derive(Clone, Debug)]
pub struct RequireRole(String);

/// Lets in who may do this: 401 for nobody, 403 with the code `FORBIDDEN` for somebody else.
///
/// ```
/// use actix_web::web;
/// use doorward_web::access::RequirePermission;
///
/// doorward_domain::resource! { pub mod invoice = "invoice" { READ = "read" } }
///
/// let scope = web::scope("/invoices").wrap(RequirePermission::new(invoice::READ));
/// # drop(scope);
/// ```
#[derive(Clone, Debug)]
pub struct RequirePermission(Permission);

impl RequireRole {
    /// For holders of this role.
    #[must_use]
    pub fn new(role: impl Into<String>) -> Self {
        Self(role.into())
    }
}

impl RequirePermission {
    /// For those who may do this.
    #[must_use]
    pub const fn new(permission: Permission) -> Self {
        Self(permission)
    }
}

trait Condition: 'static {
    fn holds(&self, access: Access<'_>) -> bool;
}

impl Condition for RequireRole {
    fn holds(&self, access: Access<'_>) -> bool {
        access.has_role(&self.0)
    }
}

impl Condition for RequirePermission {
    fn holds(&self, access: Access<'_>) -> bool {
        access.permits(&self.0)
    }
}

/// A service behind a condition.
pub struct Guarded<S> {
    condition: Rc<dyn Condition>,
    service: Rc<S>,
}

macro_rules! guard {
    ($($middleware:ty),+) => { $(
        impl<S, B> Transform<S, ServiceRequest> for $middleware
        where
            S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
            B: MessageBody + 'static,
        {
            type Response = ServiceResponse<EitherBody<B>>;
            type Error = Error;
            type Transform = Guarded<S>;
            type InitError = ();
            type Future = Ready<Result<Self::Transform, ()>>;

            fn new_transform(&self, service: S) -> Self::Future {
                ready(Ok(Guarded {
                    condition: Rc::new(self.clone()),
                    service: Rc::new(service),
                }))
            }
        }
    )+ };
}

guard!(RequireRole, RequirePermission);

impl<S, B> Service<ServiceRequest> for Guarded<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let (condition, service) = (self.condition.clone(), self.service.clone());
        Box::pin(async move {
            // The router below needs the request for itself alone, so the copy is gone before it is called.
            let outcome = {
                let request = request.request().clone();
                permitted(&request, |access| condition.holds(access)).await
            };
            match outcome {
                Ok(_) => Ok(service.call(request).await?.map_into_left_body()),
                Err(error) => Ok(request
                    .into_response(error.error_response())
                    .map_into_right_body()),
            }
        })
    }
}
