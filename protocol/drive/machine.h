#ifndef MONOCOQUE_PROTOCOL_DRIVE_MACHINE_H_
#define MONOCOQUE_PROTOCOL_DRIVE_MACHINE_H_

#include <concepts>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "alloc/read_window.h"
#include "alloc/slice.h"
#include "alloc/transmit_batch.h"
#include "protocol/drive/action.h"
#include "protocol/drive/auth.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"

namespace monocoque {

// A protocol of many links with no input or output of its own: what the pump of an adapter drives.
// Socket is one; a user's own protocol may be another.
//
// Facts go in (On..., PrepareRead/CommitRead, Donate, ReturnBatch, HandleTimeout). Once a turn the
// outputs are drained in this order: Process, NextAction, NextTransmitLink/FillTransmit,
// NextDeadline.
template <typename M>
concept Machine =
    requires(M m, LinkId link, ListenerId listener, TransportInfo transport, ReadWindow window,
             Slice slice, TransmitBatch batch, Action action, Endpoint endpoint,
             absl::Status status, AuthVerdict verdict, std::size_t n, Instant now) {
      m.OnListening(listener, endpoint, now);
      m.OnListenFailed(listener, status, now);
      m.OnAcceptFailed(listener, status, now);
      { m.OnAccepted(listener, transport, now) } -> std::same_as<absl::StatusOr<LinkId>>;
      m.OnDialed(link, transport, now);
      m.OnDialFailed(link, status, now);
      m.OnTransportClosed(link, status, now);
      { m.PrepareRead(link) } -> std::same_as<absl::StatusOr<ReadWindow>>;
      m.CommitRead(link, std::move(window), n, now);
      { m.Donate(link, std::move(slice), now) } -> std::same_as<absl::Status>;
      { m.read_hint(link) } -> std::same_as<ReadHint>;
      m.OnWritten(link, n, now);
      m.ReturnBatch(link, std::move(batch), n, status, now);
      m.Authorize(link, verdict, now);
      m.HandleTimeout(now);
      { m.Process(n, now) } -> std::same_as<bool>;
      { m.NextAction(&action) } -> std::same_as<bool>;
      { m.NextTransmitLink(&link) } -> std::same_as<bool>;
      { m.FillTransmit(link, &batch, n) } -> std::same_as<bool>;
      { m.NextDeadline() } -> std::same_as<Instant>;
    };

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_DRIVE_MACHINE_H_
