//! Everybody keeps notes of their own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use doorward_application::Context;
use doorward_web::access::CurrentUser;
use doorward_web::{ApiError, Body, ErrorCode, Module};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

doorward_web::error_codes! {
    TOO_MANY_NOTES = 409, "There are too many notes";
}

const MOST: usize = 3;

/// Notes by user. A real feature would keep them in the database.
#[derive(Default)]
struct Shelf(Mutex<HashMap<String, Vec<String>>>);

#[derive(Deserialize, Validate, ToSchema)]
struct NoteBody {
    /// What is to be remembered; at most 200 characters.
    #[validate(length(min = 1, max = 200))]
    text: String,
}

#[derive(Serialize, ToSchema)]
struct NotesReply {
    notes: Vec<String>,
}

/// Adds a note of the caller.
#[utoipa::path(tag = "notes", request_body = NoteBody,
    responses((status = 200, description = "All notes of the caller", body = NotesReply),
              (status = 409, description = "There are too many")))]
#[post("/notes")]
async fn add(
    caller: CurrentUser,
    body: Body<NoteBody>,
    shelf: Data<Shelf>,
) -> Result<HttpResponse, ApiError> {
    let mut shelf = shelf.0.lock().unwrap_or_else(PoisonError::into_inner);
    let notes = shelf.entry(caller.id.to_string()).or_default();
    if notes.len() == MOST {
        return Err(TOO_MANY_NOTES.into());
    }
    notes.push(body.0.text);
    Ok(HttpResponse::Ok().json(NotesReply { notes: notes.clone() }))
}

/// The notes of the caller.
#[utoipa::path(tag = "notes", responses((status = 200, description = "All notes of the caller", body = NotesReply)))]
#[get("/notes")]
async fn list(caller: CurrentUser, shelf: Data<Shelf>) -> HttpResponse {
    let shelf = shelf.0.lock().unwrap_or_else(PoisonError::into_inner);
    let notes = shelf.get(caller.id.as_str()).cloned().unwrap_or_default();
    HttpResponse::Ok().json(NotesReply { notes })
}

/// The feature.
#[derive(Default)]
pub(crate) struct Notes {
    shelf: Data<Shelf>,
}

impl Module for Notes {
    fn id(&self) -> &'static str {
        "notes"
    }

    fn routes(&self, _: &Context, config: &mut ServiceConfig<'_>) {
        config.app_data(self.shelf.clone()).service(add).service(list);
    }

    fn error_codes(&self) -> &'static [ErrorCode] {
        ALL
    }
}
