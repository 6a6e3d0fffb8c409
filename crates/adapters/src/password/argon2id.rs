use ::argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use ::argon2::{Algorithm, Argon2, KeyId, Params, ParamsBuilder, Version};
use doorward_domain::Entropy;
use doorward_domain::password::{Argon2Parameters, argon2_is_affordable};
use subtle::ConstantTimeEq;

use super::HashingError;
use super::block_pool::BlockPool;

const SALT: usize = 16;
const OUTPUT: usize = 32;

/// A stored Argon2i or Argon2id hash.
pub(super) struct Argon2Hash {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Salt,
    output: Output,
}

/// The cost of a new Argon2id hash.
#[derive(Clone, Debug)]
pub(super) struct Argon2Cost(Params);

impl Argon2Cost {
    /// The cost, and the name of the pepper that new hashes are made with.
    pub(super) fn new(cost: Argon2Parameters, pepper: KeyId) -> Result<Self, HashingError> {
        let mut params = ParamsBuilder::new();
        params
            .m_cost(cost.memory_kib)
            .t_cost(cost.iterations)
            .p_cost(cost.parallelism)
            .output_len(OUTPUT);
        Ok(Self(params.keyid(pepper).build()?))
    }

    pub(super) fn pepper(&self) -> &[u8] {
        self.0.keyid()
    }

    /// A new hash as a PHC string.
    pub(super) fn hash(
        &self,
        password: &[u8],
        entropy: &dyn Entropy,
        memory: &mut BlockPool,
    ) -> Result<String, HashingError> {
        let mut salt = [0; SALT];
        entropy.fill(&mut salt);
        let mut output = [0; OUTPUT];
        compute(
            Algorithm::Argon2id,
            Version::V0x13,
            &self.0,
            password,
            &salt,
            &mut output,
            memory,
        )?;
        self.text(&salt, &output)
    }

    /// A dummy hash that no password matches, at the cost of a new hash (EN-3).
    pub(super) fn dummy_hash(&self, entropy: &dyn Entropy) -> Result<String, HashingError> {
        let (mut salt, mut output) = ([0; SALT], [0; OUTPUT]);
        entropy.fill(&mut salt);
        entropy.fill(&mut output);
        self.text(&salt, &output)
    }

    fn text(&self, salt: &[u8], output: &[u8]) -> Result<String, HashingError> {
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&self.0)?,
            salt: Some(Salt::new(salt)?),
            hash: Some(Output::new(output)?),
        };
        Ok(hash.to_string())
    }
}

impl Argon2Hash {
    /// Reads a PHC string; none if it is none of ours or costs more than we pay (PW-10).
    pub(super) fn parse(hash: &PasswordHash) -> Option<Self> {
        let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
        if algorithm == Algorithm::Argon2d {
            return None;
        }
        // A string without a version is of the first one.
        let version = hash.version.map_or(Ok(Version::V0x10), Version::try_from).ok()?;
        let params = Params::try_from(hash).ok()?;
        if !argon2_is_affordable(params.m_cost(), params.t_cost()) {
            return None;
        }
        Some(Self {
            algorithm,
            version,
            params,
            salt: hash.salt?,
            output: hash.hash?,
        })
    }

    /// The name of the pepper it was made with; empty without one.
    pub(super) fn pepper(&self) -> &[u8] {
        self.params.keyid()
    }

    pub(super) fn matches(&self, password: &[u8], memory: &mut BlockPool) -> Result<bool, HashingError> {
        let mut buffer = [0; Output::MAX_LENGTH];
        let output = &mut buffer[..self.output.len()];
        compute(
            self.algorithm,
            self.version,
            &self.params,
            password,
            &self.salt,
            output,
            memory,
        )?;
        Ok(bool::from(output.ct_eq(self.output.as_bytes())))
    }

    /// Whether a new hash would be stronger in any respect, or made with another pepper (PW-3, PW-11).
    pub(super) fn is_weaker_than(&self, cost: &Argon2Cost) -> bool {
        self.algorithm != Algorithm::Argon2id
            || self.pepper() != cost.pepper()
            || self.version != Version::V0x13
            || self.params.m_cost() < cost.0.m_cost()
            || self.params.t_cost() < cost.0.t_cost()
            || self.salt.len() < SALT
            || self.output.len() < OUTPUT
    }
}

fn compute(
    algorithm: Algorithm,
    version: Version,
    params: &Params,
    password: &[u8],
    salt: &[u8],
    output: &mut [u8],
    memory: &mut BlockPool,
) -> Result<(), HashingError> {
    let blocks = memory
        .blocks(params.block_count())
        .ok_or("no memory for hashing is left")?;
    Ok(Argon2::new(algorithm, version, params.clone())
        .hash_password_into_with_memory(password, salt, output, blocks)?)
}
