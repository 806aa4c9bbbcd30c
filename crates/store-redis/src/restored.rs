//! What a restore puts in the place of what a server keeps, and what it ends there.

use std::sync::LazyLock;

use redis::{Cmd, Script, cmd};
use school::StoreError;
use school::messages::Message;
use traffic::Ban;

use crate::Redis;
use crate::bans::written;
use crate::keys;
use crate::messages::{fields, place};

static REPLACE: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/replace.lua")));
static REPLACE_BANS: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/replace_bans.lua")));
static SIGN_OUT: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/sign_out.lua")));

/// Bans that are sent at once.
const PART: usize = 1000;

impl Redis {
    /// Begins with messages that are restored: there are none yet, whatever an attempt before left.
    pub async fn begin_messages(&self) -> Result<(), StoreError> {
        let group = |word: &str| {
            let mut command = cmd("XGROUP");
            command.arg(word).arg(keys::RESTORED).arg("none");
            command
        };
        let mut forget = cmd("DEL");
        forget.arg(keys::RESTORED);
        self.shared.ask::<i64>(&forget).await?;
        // An empty stream comes with a group alone.
        let mut create = group("CREATE");
        create.arg("0").arg("MKSTREAM");
        self.shared.ask::<()>(&create).await?;
        self.shared.ask::<i64>(&group("DESTROY")).await.map(drop)
    }

    /// Adds restored messages, oldest first; nobody sees them yet.
    pub async fn add_messages(&self, messages: &[Message]) -> Result<(), StoreError> {
        for message in messages {
            let mut add: Cmd = cmd("XADD");
            add.arg(keys::RESTORED)
                .arg(place(message.id))
                .arg(fields(message));
            self.shared.ask::<String>(&add).await?;
        }
        Ok(())
    }

    /// Puts the newest `most` of them in force; answers the key under which those that were there are kept, if there were
    /// any.
    pub async fn replace_messages(
        &self,
        most: u32,
        ending: &str,
    ) -> Result<Option<String>, StoreError> {
        let aside = format!("{}:{ending}", keys::MESSAGES);
        let mut script = REPLACE.prepare_invoke();
        script
            .key(keys::MESSAGES)
            .key(keys::RESTORED)
            .key(keys::UNTOLD)
            .key(&aside)
            .arg(most);
        let is_aside: bool = self.shared.run(&script).await?;
        Ok(is_aside.then_some(aside))
    }

    /// Keeps restored bans in the place of whatever an attempt before left; they are not in force yet.
    pub async fn add_bans(&self, bans: &[Ban]) -> Result<(), StoreError> {
        let [restored, ends, sign] = keys::RESTORED_BANS;
        let mut forget = cmd("DEL");
        forget.arg(&keys::RESTORED_BANS);
        self.shared.ask::<i64>(&forget).await?;
        for part in bans.chunks(PART) {
            let mut add = cmd("HSET");
            add.arg(restored);
            for ban in part {
                add.arg(ban.network.to_string()).arg(written(ban));
            }
            self.shared.ask::<i64>(&add).await?;
        }
        let ending = bans
            .iter()
            .filter_map(|ban| Some((ban.until?, ban.network)));
        let ending: Vec<_> = ending.collect();
        for part in ending.chunks(PART) {
            let mut add = cmd("ZADD");
            add.arg(ends);
            for (until, network) in part {
                add.arg(until.as_microsecond()).arg(network.to_string());
            }
            self.shared.ask::<i64>(&add).await?;
        }
        let mut show = cmd("SET");
        show.arg(sign).arg(1);
        self.shared.ask(&show).await
    }

    /// Puts them in force; answers the key under which those that were there are kept, if there were any.
    pub async fn replace_bans(&self, ending: &str) -> Result<Option<String>, StoreError> {
        let aside = format!("{}:{ending}", keys::BANS);
        let mut script = REPLACE_BANS.prepare_invoke();
        script
            .key(keys::BANS)
            .key(keys::BAN_ENDS)
            .key(keys::BANS_STATE)
            .key(keys::UNTOLD);
        for key in keys::RESTORED_BANS {
            script.key(key);
        }
        script.key(&aside);
        let is_aside: bool = self.shared.run(&script).await?;
        Ok(is_aside.then_some(aside))
    }

    /// Ends every session: its person may be another one in what was restored.
    pub async fn sign_out_everybody(&self) -> Result<(), StoreError> {
        let mut script = SIGN_OUT.prepare_invoke();
        script.key(keys::UNTOLD);
        self.shared.run::<i64>(&script).await.map(drop)
    }
}
