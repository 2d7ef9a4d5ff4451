//! A command beside a server: a second process writes the same file.

use proofkey_protocol::{ClientId, Committed};
use proofkey_store::{Fault, Options, Store};

use super::World;
use super::crash::{child, database};
use crate::support::{block_on, client, grant, redeem};

const CLIENTS: i64 = 20;

#[test]
#[ignore = "a process that another test starts"]
fn child_registers_and_changes_clients() {
    let Some(path) = database() else { return };
    block_on(async {
        let store = Store::open(&path, &Options::default()).unwrap();
        for number in 0..CLIENTS {
            let added = client(&format!("client-{number}"));
            store.add_client(added.clone()).await.unwrap();
            let version = store.directory_versions().await.unwrap().clients;
            store.update_client(&added.id, &added.metadata, version).await.unwrap();
        }
        store.close().await;
    });
}

#[test]
fn commands_write_while_the_server_writes() {
    let world = block_on(World::new());
    world.store.lock_for_serving().unwrap();
    let before = block_on(world.store.directory_versions()).unwrap();
    let mut command = child("sqlite::processes::child_registers_and_changes_clients", &world.path());
    block_on(async {
        let mut number = 0;
        while command.try_wait().unwrap().is_none() {
            number += 1;
            assert_eq!(world.store.commit(redeem(grant(number))).await, Ok(Committed::Applied));
        }
        assert!(command.wait().unwrap().success());
        let after = world.store.directory_versions().await.unwrap();
        assert_eq!(after.clients, before.clients + CLIENTS, "the server sees that it must load them");
        assert_eq!((after.apis, after.keys), (before.apis, before.keys));
        assert_eq!(world.store.clients().await.unwrap().len(), 21);
        assert!(world.store.client(&ClientId::new("client-7")).await.unwrap().is_some());
        world.store.ping().await.unwrap();
    });
}

#[test]
fn one_server_per_file() {
    let world = block_on(World::new());
    let second = block_on(world.second_handle());
    world.store.lock_for_serving().unwrap();
    assert_eq!(second.lock_for_serving(), Err(Fault::AlreadyServed));
    assert_eq!(world.store.lock_for_serving(), Err(Fault::AlreadyServed));
    let path = world.path();
    block_on(async {
        world.store.set_client_disabled(&ClientId::new("nobody"), true).await.unwrap_err();
        world.store.clone().close().await;
    });
    // The claim ends with the last handle, and a process that dies loses it too.
    let folder = world.keep_folder();
    second.lock_for_serving().unwrap();
    assert!(path.starts_with(folder.path()));
}
