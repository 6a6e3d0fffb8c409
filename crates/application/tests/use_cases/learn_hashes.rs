//! How the hasher learns which hashes are in use (EN-3).

use std::sync::{Arc, Mutex};

use doorward_application::Progress;
use doorward_application::password::{LearnHashesError, LearnPasswordHashes};
use doorward_domain::Repositories;
use doorward_domain::password::{HashError, MockPasswordHasher};
use doorward_testing::samples;

use super::{World, hardened};

/// A world whose hasher keeps what it learns.
fn learning() -> (World, Arc<Mutex<Vec<Vec<String>>>>) {
    let learnt = Arc::new(Mutex::new(Vec::new()));
    let keep = learnt.clone();
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_learn().returning(move |hashes| {
        let mut texts: Vec<_> = hashes.iter().map(|hash| hash.expose().to_owned()).collect();
        texts.sort();
        keep.lock().unwrap().push(texts);
        Ok(())
    });
    let world = World::with(hardened(), |ports| ports.hasher = Arc::new(hasher));
    (world, learnt)
}

async fn add(world: &World, id: &str, hash: &str) {
    let user = samples::user(id);
    world.store.users().insert(&user).await.unwrap();
    let account = samples::credential(&user, hash);
    world.store.accounts().insert(&account).await.unwrap();
}

#[tokio::test]
async fn en_3_one_hash_of_each_form_is_learnt_however_many_users_there_are() {
    let (world, learnt) = learning();
    let argon2 = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
    for number in 0..LearnPasswordHashes::BATCH {
        add(&world, &format!("user-{number:04}"), argon2).await;
    }
    add(&world, "zoe", "00:ff").await;
    add(&world, "zora", "plain").await;
    let learn = LearnPasswordHashes::new(world.context.clone());
    for _ in 0..2 {
        let mut answers = Vec::new();
        for _ in 0..3 {
            answers.push(learn.run(&samples::request()).await.unwrap());
        }
        assert_eq!(answers, [Progress::More, Progress::More, Progress::Done]);
    }
    let expected = Vec::from([argon2.to_owned(), "00:ff".to_owned()]);
    let mut sorted = expected;
    sorted.sort();
    assert_eq!(*learnt.lock().unwrap(), [sorted.clone(), sorted]);
}

#[tokio::test]
async fn a_hasher_that_is_busy_learns_at_the_next_pass() {
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_learn().once().returning(|_| Err(HashError::Busy));
    hasher
        .expect_learn()
        .once()
        .withf(|hashes| hashes.len() == 1)
        .returning(|_| Ok(()));
    let world = World::with(hardened(), |ports| ports.hasher = Arc::new(hasher));
    add(&world, "ada", "00:ff").await;
    let learn = LearnPasswordHashes::new(world.context.clone());
    let request = samples::request();
    assert_eq!(learn.run(&request).await.unwrap(), Progress::More);
    let busy = learn.run(&request).await;
    assert!(
        matches!(busy, Err(LearnHashesError::Hash(HashError::Busy))),
        "{busy:?}"
    );
    assert_eq!(learn.run(&request).await.unwrap(), Progress::More);
    assert_eq!(learn.run(&request).await.unwrap(), Progress::Done);
}
