//! The connection, and what callbacks are given: each has the connection in it, and the event that it is about.

use spacetimedb_sdk::__codegen::{self as sdk, DbContextImpl};

use super::{Reducer, RemoteModule, RemoteProcedures, RemoteReducers, RemoteTables};

pub struct DbConnection {
    pub db: RemoteTables,
    pub reducers: RemoteReducers,
    pub procedures: RemoteProcedures,
    imp: DbContextImpl<RemoteModule>,
}

impl sdk::InModule for DbConnection {
    type Module = RemoteModule;
}

impl sdk::DbConnection for DbConnection {
    fn new(imp: DbContextImpl<RemoteModule>) -> Self {
        Self {
            db: RemoteTables { imp: imp.clone() },
            reducers: RemoteReducers::new(imp.clone()),
            procedures: RemoteProcedures::new(imp.clone()),
            imp,
        }
    }
}

impl DbConnection {
    pub fn builder() -> sdk::DbConnectionBuilder<RemoteModule> {
        sdk::DbConnectionBuilder::new()
    }

    pub fn run_threaded(&self) -> std::thread::JoinHandle<()> {
        self.imp.run_threaded()
    }

    pub fn subscription_builder(&self) -> sdk::SubscriptionBuilder<RemoteModule> {
        sdk::SubscriptionBuilder::new(&self.imp)
    }

    pub fn disconnect(&self) -> sdk::Result<()> {
        self.imp.disconnect()
    }
}

macro_rules! event_contexts {
    ($($context:ident($event:ty) is $kind:ident;)*) => {$(
        pub struct $context {
            pub db: RemoteTables,
            pub event: $event,
        }

        impl sdk::InModule for $context {
            type Module = RemoteModule;
        }

        impl sdk::AbstractEventContext for $context {
            type Event = $event;

            fn event(&self) -> &Self::Event {
                &self.event
            }

            fn new(imp: DbContextImpl<RemoteModule>, event: Self::Event) -> Self {
                Self { db: RemoteTables { imp }, event }
            }
        }

        impl sdk::$kind for $context {}
    )*};
}

event_contexts! {
    EventContext(sdk::Event<Reducer>) is EventContext;
    ReducerEventContext(sdk::ReducerEvent<Reducer>) is ReducerEventContext;
    ProcedureEventContext(()) is ProcedureEventContext;
    SubscriptionEventContext(()) is SubscriptionEventContext;
    ErrorContext(Option<sdk::Error>) is ErrorContext;
}

#[derive(Clone)]
pub struct SubscriptionHandle {
    imp: sdk::SubscriptionHandleImpl<RemoteModule>,
}

impl sdk::InModule for SubscriptionHandle {
    type Module = RemoteModule;
}

impl sdk::SubscriptionHandle for SubscriptionHandle {
    fn new(imp: sdk::SubscriptionHandleImpl<RemoteModule>) -> Self {
        Self { imp }
    }

    fn is_ended(&self) -> bool {
        self.imp.is_ended()
    }

    fn is_active(&self) -> bool {
        self.imp.is_active()
    }

    fn unsubscribe_then(self, on_end: sdk::OnEndedCallback<RemoteModule>) -> sdk::Result<()> {
        self.imp.unsubscribe_then(Some(on_end))
    }

    fn unsubscribe(self) -> sdk::Result<()> {
        self.imp.unsubscribe_then(None)
    }
}
