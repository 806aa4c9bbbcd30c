//! One connection: how a statement is run on it, prepared where the connection is ours alone.

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use bytes::Bytes;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, CopyInSink, Error, RowStream, Statement};

use super::values::type_of;
use crate::value::{Row, Value};

/// A connection, which many may use at once: what they ask is sent without waiting for the answer to what was asked before.
pub(super) struct Connection {
    client: Client,
    pub(super) server: Found,
    /// Absent where a pooler may hand each transaction to another connection of the server, which would not know them.
    statements: Option<Mutex<HashMap<String, Statement>>>,
}

/// What the server told of itself.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) version: String,
    pub(super) encoding: String,
    /// Where it was reached.
    pub(super) place: String,
    pub(super) is_encrypted: bool,
    /// Nothing stands between: what is prepared on the connection stays there.
    pub(super) is_direct: bool,
    pub(super) is_replica: bool,
    pub(super) durability: Durability,
}

/// Whether what was committed is on the server's disk when it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    Always,
    /// For transactions that ask for it.
    OnRequest,
    Never,
}

impl Connection {
    pub(super) fn new(client: Client, server: Found) -> Self {
        let statements = server.is_direct.then(Mutex::default);
        Self {
            client,
            server,
            statements,
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Makes sure that [`Connection::run`] need ask the server nothing before it sends; none where nothing is kept.
    pub(super) async fn prepare(&self, sql: &str) -> Result<Option<Statement>, Error> {
        let Some(statements) = &self.statements else {
            return Ok(None);
        };
        if let Some(prepared) = self.prepared(sql) {
            return Ok(Some(prepared));
        }
        let statement = self.client.prepare(sql).await?;
        let mut statements = statements.lock().unwrap_or_else(PoisonError::into_inner);
        statements.insert(sql.to_owned(), statement.clone());
        Ok(Some(statement))
    }

    fn prepared(&self, sql: &str) -> Option<Statement> {
        let statements = self.statements.as_ref()?;
        let statements = statements.lock().unwrap_or_else(PoisonError::into_inner);
        statements.get(sql).cloned()
    }

    /// Runs a statement: how many rows it touched or returned, and those returned. Once it is prepared, the first poll
    /// sends it.
    pub(super) async fn run(&self, sql: &str, params: &[Value]) -> Result<(u64, Vec<Row>), Error> {
        let stream = if let Some(statement) = self.prepare(sql).await? {
            self.client.query_raw(&statement, params).await?
        } else {
            let typed = params.iter().map(|value| (value, type_of(value)));
            let typed: Vec<(&Value, Type)> = typed.collect();
            self.client.query_typed_raw(sql, typed).await?
        };
        collect(stream).await
    }

    /// Begins to write rows as `COPY … FROM STDIN` says.
    pub(super) async fn copy_in(&self, sql: &str) -> Result<CopyInSink<Bytes>, Error> {
        self.client.copy_in(sql).await
    }

    /// Runs statements that return nothing of interest. The first poll sends them.
    pub(super) async fn execute(&self, sql: &str) -> Result<(), Error> {
        self.client.batch_execute(sql).await
    }
}

async fn collect(stream: RowStream) -> Result<(u64, Vec<Row>), Error> {
    let mut stream = pin!(stream);
    let mut rows = Vec::new();
    while let Some(row) = next(stream.as_mut()).await {
        let row = row?;
        // Collected as a `Result`, it would grow by and by.
        let mut values = Vec::with_capacity(row.len());
        for column in 0..row.len() {
            values.push(row.try_get(column)?);
        }
        rows.push(Row::new(values));
    }
    Ok((stream.rows_affected().unwrap_or_default(), rows))
}

async fn next(mut stream: Pin<&mut RowStream>) -> Option<Result<tokio_postgres::Row, Error>> {
    std::future::poll_fn(|cx| futures_util::Stream::poll_next(stream.as_mut(), cx)).await
}

/// A request that is on its way; several go out in the order in which they were made, before the first is answered.
pub(super) struct Sent<'a, T> {
    asking: Pin<Box<dyn Future<Output = T> + Send + 'a>>,
    answer: Option<T>,
}

impl<'a, T> Sent<'a, T> {
    pub(super) async fn send(asking: impl Future<Output = T> + Send + 'a) -> Self {
        let mut asking: Pin<Box<dyn Future<Output = T> + Send + 'a>> = Box::pin(asking);
        let answer = std::future::poll_fn(|cx| {
            Poll::Ready(match asking.as_mut().poll(cx) {
                Poll::Ready(answer) => Some(answer),
                Poll::Pending => None,
            })
        });
        let answer = answer.await;
        Self { asking, answer }
    }

    pub(super) async fn answer(self) -> T {
        match self.answer {
            Some(answer) => answer,
            None => self.asking.await,
        }
    }
}
