//! The routes, with who may call them in their signatures, and what they answer when they refuse.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use doorward_domain::mint_id;
use doorward_domain::user::Email;
use doorward_web::access::Authorized;
use doorward_web::codes::VALIDATION_ERROR;
use doorward_web::{ApiError, AppState, Body};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::discharge::{Discharge, DischargeError};
use crate::patient::{DischargeDenied, Patient, Patients};
use crate::permission::{AdmitPatient, DischargePatient};

doorward_web::error_codes! {
    PATIENT_ALREADY_DISCHARGED = 409, "The patient was discharged before";
    PATIENT_NOT_FOUND = 404, "There is no such patient";
    PATIENT_NOT_YOURS = 403, "The patient is treated by somebody else";
}

#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct PatientBody {
    /// What the patient is called.
    #[validate(length(min = 1, max = 100))]
    name: String,
    /// Where the patient is written to.
    email: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct PatientReply {
    id: String,
}

/// Admits a patient, whom the caller treats.
#[utoipa::path(tag = "clinic", request_body = PatientBody,
    responses((status = 200, description = "Admitted", body = PatientReply),
              (status = 403, description = "The caller may not")))]
#[post("/clinic/patients")]
pub(crate) async fn admit(
    caller: Authorized<AdmitPatient>,
    body: Body<PatientBody>,
    state: Data<AppState>,
    patients: Data<Arc<dyn Patients>>,
) -> Result<HttpResponse, ApiError> {
    let Body(PatientBody { name, email }) = body;
    let context = state.context();
    let patient = Patient {
        id: mint_id(context.now(), context.entropy()),
        name,
        email: Email::parse(&email).map_err(|_| VALIDATION_ERROR)?,
        doctor: Some(caller.user.id.clone()),
        discharged_at: None,
    };
    let tx = context.store().begin(caller.request()).await?;
    patients.insert(&*tx, &patient).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(PatientReply { id: patient.id }))
}

/// Discharges a patient of the caller.
#[utoipa::path(tag = "clinic", params(("id" = String, Path, description = "Which patient")),
    responses((status = 200, description = "Discharged"),
              (status = 403, description = "The caller may not, or treats others"),
              (status = 404, description = "There is no such patient"),
              (status = 409, description = "Discharged before")))]
#[post("/clinic/patients/{id}/discharge")]
pub(crate) async fn discharge(
    caller: Authorized<DischargePatient>,
    id: Path<String>,
    discharge: Data<Discharge>,
) -> Result<HttpResponse, ApiError> {
    discharge.run(caller.request(), &id).await?;
    Ok(HttpResponse::Ok().finish())
}

impl From<DischargeError> for ApiError {
    fn from(error: DischargeError) -> Self {
        match error {
            DischargeError::NotSignedIn(error) => error.into(),
            DischargeError::Unknown => PATIENT_NOT_FOUND.into(),
            DischargeError::Denied(DischargeDenied::NotYours) => PATIENT_NOT_YOURS.into(),
            DischargeError::Denied(DischargeDenied::Already) => PATIENT_ALREADY_DISCHARGED.into(),
            DischargeError::Email(error) => Self::Internal(error.into()),
            DischargeError::Store(error) => error.into(),
        }
    }
}
