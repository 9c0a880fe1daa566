"""What the engine overrides or leans on inside its libraries, by the hash of its source."""

import hashlib
import importlib
import inspect
import pkgutil
from importlib.metadata import version

import pytest

import streams.engine

LIBRARIES = ("faust", "mode", "aiokafka")
PINS = {
    "faust.transport.consumer:Consumer._drain_messages": "44a2500309e8",
    "faust.transport.consumer:Consumer._new_offset": "1d2c7ea89a7a",
    "faust.transport.consumer:Consumer._commit_offsets": "1a6979904118",
    "faust.transport.consumer:Consumer._filter_committable_offsets": "dc5e9baf5d99",
    "faust.transport.consumer:Consumer._should_commit": "5ce941793947",
    "faust.transport.consumer:Consumer.ack": "5fcf41cf4515",
    "faust.transport.consumer:Consumer.perform_seek": "0e8c130ff4b0",
    "faust.transport.consumer:Consumer.on_partitions_revoked": "d04b7ae72c6f",
    "faust.transport.consumer:Consumer.on_partitions_assigned": "29ce96596f05",
    "faust.transport.consumer:Consumer._get_active_partitions": "b24897f3c7af",
    "faust.transport.consumer:Consumer.stop_flow": "cf7e875a2b0d",
    "faust.transport.consumer:Consumer.resume_flow": "db59630f25b5",
    "faust.transport.consumer:Consumer.on_stop": "45b1d2210ce2",
    "faust.transport.consumer:Consumer._commit_handler.fun": "4e5da5df0730",
    "faust.transport.consumer:Consumer.commit": "a354437baaa0",
    "faust.transport.consumer:Consumer.force_commit": "cc094614d22c",
    "faust.transport.consumer:Consumer._commit_tps": "a20e230b05ae",
    "faust.transport.consumer:Consumer._handle_attached": "48efe89d6c63",
    "faust.transport.consumer:Consumer.on_task_error": "0d7f23d0bb26",
    "faust.transport.consumer:Fetcher": "c922e4ab78d9",
    "faust.transport.consumer:ThreadDelegateConsumer": "a1b934b198fa",
    "faust.transport.producer:Producer.send_soon": "fcef15ab4562",
    "faust.transport.producer:Producer.flush": "9ff5ea46f01f",
    "faust.transport.producer:ProducerBuffer": "7d4d7ab98f26",
    "faust.transport.conductor:Conductor.acks_enabled_for": "77ff8a731d30",
    "faust.transport.conductor:Conductor._subscriber.fun": "2a7908583404",
    "faust.transport.drivers.aiokafka:ConsumerRebalanceListener": "f3d04f29dfb3",
    "faust.transport.drivers.aiokafka:Consumer._new_consumer_thread": "0870ec53dea7",
    "faust.transport.drivers.aiokafka:Consumer._to_message": "7c24f6511b2f",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread.on_start": "38b4e8bd1e10",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread.on_thread_stop": "8dfc004e258b",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread.close": "d22efc59a1df",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._create_consumer": "a4dc6ba0681a",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._create_worker_consumer": "c2701bfc3e6f",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._fetch_records": "39a2c6c79fc1",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._commit": "932852ce7a23",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._ensure_consumer": "ff4a4c693b7e",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread.commit": "d31c8558ba25",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread.seek_to_committed": "775ab0adc4b0",
    "faust.transport.drivers.aiokafka:Transport": "966a67907f33",
    "faust.transport.drivers.aiokafka:Producer.__post_init__": "4ae6f6f586b8",
    "faust.transport.drivers.aiokafka:Producer._settings_extra": "a4c7bc41b638",
    "faust.transport.drivers.aiokafka:Producer._settings_auth": "6d47a0b8599c",
    "faust.transport.drivers.aiokafka:Producer._new_producer": "e72355c3430e",
    "aiokafka.consumer.consumer:AIOKafkaConsumer.__init__": "01506f316191",
    "faust.transport.drivers.aiokafka:Producer.flush": "36d0cb3615f6",
    "faust.transport.drivers.aiokafka:Producer.send": "0b5bd08f52e5",
    "faust.app.base:App._on_partitions_revoked": "d5c895bbe57d",
    "faust.app.base:App._on_partitions_assigned": "de932b7927db",
    "faust.app.base:App._new_transport": "42db531312dd",
    "faust.app.base:App._new_producer_transport": "eb3b4aa6a896",
    "faust.app.base:App._on_rebalance_when_stopped": "1b172d9af8ff",
    "faust.app.base:App._stop_consumer": "55854a5de12c",
    "faust.app.base:App.agent": "ae1d2b662569",
    "faust.app.base:App.stream": "e4b852f34a00",
    "faust.app.base:App.on_stop": "bfe5a933defb",
    "faust.app.base:App._create_directories": "a9f571c3b04a",
    "faust.streams:Stream.__init__": "8a6dea3405cd",
    "faust.streams:Stream.ack": "32d7171a89b0",
    "faust.streams:Stream.events": "c62f4dd3a73f",
    "faust.agents.agent:Agent._execute_actor": "c750b828d2bd",
    "mode.supervisors:CrashingSupervisor": "37e805f0af21",
    "faust.tables.recovery:Recovery._resume_streams": "d986a6710c1a",
    "mode.threads:ServiceThread._serve": "67809eae0957",
    "mode.threads:ServiceThread._gather_remaining_tasks": "6f65b92dd101",
    "mode.services:Service.crash": "14980000465d",
    "mode.threads:MethodQueue": "d21c54e20ac6",
    "mode.threads:QueueServiceThread.call_thread": "479edda75b54",
    "aiokafka.consumer.consumer:AIOKafkaConsumer.assign": "284d8843e221",
    "aiokafka.consumer.consumer:AIOKafkaConsumer.beginning_offsets": "8da4f7758ad4",
    "aiokafka.consumer.consumer:AIOKafkaConsumer.committed": "d8706147ab15",
    "aiokafka.consumer.consumer:AIOKafkaConsumer.end_offsets": "f4b190785818",
    "aiokafka.consumer.consumer:AIOKafkaConsumer.seek_to_beginning": "231229deedd7",
    "aiokafka.consumer.consumer:AIOKafkaConsumer.topics": "adb0d6bfca2e",
    "aiokafka.consumer.consumer:AIOKafkaConsumer.start": "2f1ba7044332",
    "aiokafka.consumer.consumer:AIOKafkaConsumer.stop": "bc5da9c98595",
    "aiokafka.consumer.consumer:AIOKafkaConsumer.position": "2512259a90a2",
    "aiokafka.consumer.consumer:AIOKafkaConsumer.last_stable_offset": "ed875fe136b9",
    "aiokafka.consumer.consumer:AIOKafkaConsumer.getmany": "bc6d248e42a4",
    "aiokafka.consumer.consumer:AIOKafkaConsumer.subscription": "9e14593acaff",
    "aiokafka.consumer.consumer:AIOKafkaConsumer.seek": "a9430f1f3b9a",
    "aiokafka.consumer.fetcher:FetchResult": "d7db13f06de8",
    "aiokafka.consumer.fetcher:PartitionRecords": "94aa0da0dbec",
    "aiokafka.consumer.fetcher:Fetcher._fetch_requests_routine": "2a8ec5932644",
    "aiokafka.consumer.fetcher:Fetcher._proc_fetch_request": "59bf948fff47",
    "aiokafka.consumer.fetcher:Fetcher.fetched_records": "be4348896b9b",
    "aiokafka.consumer.fetcher:Fetcher.close": "1cd24bc1c442",
    "aiokafka.consumer.group_coordinator:GroupCoordinator.check_errors": "ba6ca51ad348",
    "aiokafka.consumer.group_coordinator:GroupCoordinator._push_error_to_user": "743ff515bd7e",
    "aiokafka.consumer.group_coordinator:GroupCoordinator._coordination_routine": "75273e127d4a",
    "aiokafka.consumer.group_coordinator:GroupCoordinator._do_heartbeat": "dc1d6632aaa6",
    "aiokafka.consumer.subscription_state:SubscriptionState.fetch_context": "ff2a654dca23",
    "aiokafka.consumer.subscription_state:Subscription": "5e570aaff58e",
    "aiokafka.consumer.subscription_state:Assignment": "ce6859542c70",
    "aiokafka.consumer.subscription_state:TopicPartitionState": "2b83334afadf",
    "aiokafka.coordinator.assignors.sticky.sticky_assignor:StickyPartitionAssignor": "c1e57411c9e1",
    "aiokafka.client:AIOKafkaClient.close": "02119d4d618a",
    "aiokafka.client:AIOKafkaClient.force_metadata_update": "cb7befef21c8",
    "aiokafka.client:AIOKafkaClient._metadata_update": "06dc51ed3e0d",
    "aiokafka.cluster:ClusterMetadata.partitions_for_topic": "5a3e84a15bc0",
    "aiokafka.cluster:ClusterMetadata.update_metadata": "6c2cce8f96dc",
    "aiokafka.producer.producer:AIOKafkaProducer.__init__": "fd6f2966fb3d",
    "aiokafka.producer.producer:AIOKafkaProducer.create_batch": "c4efda4bb7a0",
    "aiokafka.producer.producer:AIOKafkaProducer.start": "bae900a5e83a",
    "aiokafka.producer.producer:AIOKafkaProducer.begin_transaction": "f5128199fc27",
    "aiokafka.producer.producer:AIOKafkaProducer.abort_transaction": "e93a2aba6d76",
    "aiokafka.producer.producer:AIOKafkaProducer.partitions_for": "0d526b6cfcfd",
    "aiokafka.producer.producer:AIOKafkaProducer.send_batch": "bf42b0f0c5c0",
    "aiokafka.producer.producer:AIOKafkaProducer.send_offsets_to_transaction": "4b58002b4496",
    "aiokafka.producer.producer:AIOKafkaProducer.commit_transaction": "c7f9677c8941",
    "aiokafka.producer.producer:AIOKafkaProducer.stop": "43ef97147111",
    "aiokafka.producer.message_accumulator:BatchBuilder": "8050802ca751",
    "aiokafka.producer.message_accumulator:MessageAccumulator": "562530971ca9",
    "aiokafka.producer.sender:Sender": "46ef144176b7",
    "aiokafka.producer.transaction_manager:TransactionManager": "d0932794d69a",
}


ADVICE = """
{name} is not the source that streams/engine was written for (found {found}, expected {expected}; {versions}).
Read its change: does what we override still do what we replace, and what we call still mean the same? Then run
`make test` and the broker tests, and write the new hash here. Until then, go back to the pins in pyproject.toml.
"""


def source(name):
    module, _, path = name.partition(":")
    found = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return hashlib.sha256(inspect.getsource(found).encode()).hexdigest()[:12]


@pytest.mark.parametrize("name", PINS)
def test_the_ground_has_not_moved(name):
    """Every private method that we override or call is the one we have read."""
    versions = ", ".join(
        f"{package} {version(package)}" for package in ("faust-streaming", "mode-streaming", "aiokafka")
    )
    found = source(name)
    assert found == PINS[name], ADVICE.format(name=name, found=found, expected=PINS[name], versions=versions)


def overridden():
    """What our subclasses replace in the libraries, by the name that a pin would have."""
    modules = [
        importlib.import_module(f"streams.engine.{found.name}")
        for found in pkgutil.iter_modules(streams.engine.__path__)
    ]
    for module in modules:
        for kind in vars(module).values():
            if inspect.isclass(kind) and kind.__module__ == module.__name__:
                yield from _replaced_by(kind)


def _replaced_by(kind):
    theirs = [base for base in kind.__mro__ if base.__module__.partition(".")[0] in LIBRARIES]
    for name, value in vars(kind).items():
        if inspect.isfunction(value) and (base := next((base for base in theirs if name in vars(base)), None)):
            yield f"{base.__module__}:{base.__qualname__}.{name}"


def test_what_is_overridden_is_pinned():
    """Every method of a library that a class of ours replaces has its hash here, or its whole class has."""
    found = set(overridden())
    assert len(found) > 20
    assert [name for name in found if name not in PINS and name.rpartition(".")[0] not in PINS] == []
