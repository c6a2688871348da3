#ifndef MONOCOQUE_ADAPTERS_INPROC_H_
#define MONOCOQUE_ADAPTERS_INPROC_H_

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "adapters/waker.h"
#include "alloc/slice.h"
#include "alloc/transmit_batch.h"
#include "protocol/drive/ids.h"

namespace monocoque {

class InprocInbox;

// One end of a stream within the process: slices go over, their octets stay where they are. The
// other end may be on another thread. Empty by default; movable; destroying it closes.
//
// Thread rule: an end belongs to one thread at a time; its peer may be used at the same moment.
class InprocEnd {
 public:
  // Two ends of a new stream.
  static std::pair<InprocEnd, InprocEnd> MakePair();

  InprocEnd() = default;
  InprocEnd(InprocEnd&& other) noexcept = default;
  InprocEnd& operator=(InprocEnd&& other) noexcept {
    std::swap(stream_, other.stream_);
    std::swap(side_, other.side_);
    return *this;
  }
  ~InprocEnd();

  explicit operator bool() const { return stream_ != nullptr; }

  // From now on a notice for `link` comes to `inbox` when there is something to read after there
  // was nothing, when there is room again after there was none, and when the peer closed. What
  // happened before is told at once.
  void Attach(std::shared_ptr<InprocInbox> inbox, LinkId link);
  // Moves slices over, as many as there is room for, or, if `all`, all of them. False: the peer is
  // gone.
  bool Write(TransmitBatch* batch, bool all = false);
  // What came, added to `out`. False: nothing more comes.
  bool Read(std::vector<Slice>* out);

 private:
  struct Stream;

  InprocEnd(std::shared_ptr<Stream> stream, std::size_t side)
      : stream_(std::move(stream)), side_(side) {}

  std::shared_ptr<Stream> stream_;
  std::size_t side_ = 0;
};

// What happened to a socket's ends, from any thread, until its own thread takes it.
//
// Thread rule: any thread.
class InprocInbox {
 public:
  struct Notice {
    ListenerId listener;  // a new link for it: `end`
    LinkId link;          // else: see InprocEnd::Attach; with an `end`: a dial that succeeded
    InprocEnd end;
  };

  explicit InprocInbox(std::shared_ptr<Waker> waker) : waker_(std::move(waker)) {}

  void Push(Notice notice);
  // Asked in each turn and each flush: without a lock where there is nothing.
  std::vector<Notice> Take();
  // What is there, and comes later, is dropped.
  void Close();

 private:
  std::mutex mutex_;
  std::vector<Notice> notices_;
  std::atomic<bool> any_{false};  // there are notices; written under the lock
  bool closed_ = false;
  const std::shared_ptr<Waker> waker_;
};

// The names of inproc:// endpoints, and who waits for one. A process has one for all adapters and
// threads; those who want to be apart make their own.
//
// Thread rule: any thread.
class InprocHub {
 public:
  // The process's own.
  static const std::shared_ptr<InprocHub>& OfProcess();

  // Takes the name, or fails: it is in use. Whoever waits for it is connected (E-16).
  absl::Status Listen(const std::string& name, std::shared_ptr<InprocInbox> inbox, ListenerId id);
  void Unlisten(const std::string& name);
  bool IsListening(const std::string& name);
  // While off, dials wait.
  void SetAccepting(const std::string& name, bool on);
  // A notice with an end comes to `inbox` once somebody listens at the name, perhaps at once.
  void Dial(const std::string& name, std::shared_ptr<InprocInbox> inbox, LinkId link);
  void Cancel(const std::string& name, const InprocInbox* inbox, LinkId link);

 private:
  struct Waiting {
    std::shared_ptr<InprocInbox> inbox;
    LinkId link;
  };
  struct Name {
    std::shared_ptr<InprocInbox> inbox;  // null: nobody listens
    ListenerId listener;
    bool accepting = true;
    std::deque<Waiting> waiting;
  };

  static void Connect(Name* name);
  void ForgetIfUnused(const std::string& name);

  std::mutex mutex_;
  absl::flat_hash_map<std::string, Name> names_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_ADAPTERS_INPROC_H_
