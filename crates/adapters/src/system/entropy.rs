use doorward_domain::Entropy;

/// The operating system's random generator (TK-1).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        // Nothing safe can be done without randomness; the generator fails only on a broken system.
        if let Err(error) = getrandom::fill(buffer) {
            panic!("the operating system's random generator failed: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tk_1_no_two_draws_are_alike() {
        let mut draws = [[0_u8; 32]; 2];
        for draw in &mut draws {
            SystemEntropy.fill(draw);
        }
        assert_ne!(draws[0], draws[1]);
        assert_ne!(draws[0], [0; 32]);
    }
}
