#ifndef MONOCOQUE_TESTS_SUPPORT_RAW_PEER_H_
#define MONOCOQUE_TESTS_SUPPORT_RAW_PEER_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace monocoque::testing {

// A blocking descriptor that is connected to a tcp or ipc endpoint, the caller's; -1: nobody
// listens.
int ConnectRaw(std::string_view endpoint);

// A moment, for whoever has no turns to give: who is talked with is another process.
void Breathe();

// A peer that is a bare descriptor on the same thread: octets as the test wants them. Whoever it
// talks with has turns while it waits, each of them short.
class RawPeer {
 public:
  using Turn = std::function<void()>;

  // Connects to a tcp or ipc endpoint.
  RawPeer(Turn turn, std::string_view endpoint);
  // One that a RawListener accepted.
  RawPeer(Turn turn, int fd) : turn_(std::move(turn)), fd_(fd) {}
  ~RawPeer() { Close(); }
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  bool connected() const { return fd_ >= 0; }
  // Greeting and READY, without a look at the other side's.
  void HandshakeAs(std::string_view socket_type);
  // False if not all could be written in time, or the stream is over.
  bool Write(std::string_view octets);
  // Writes what the system takes at once; how many octets that was. Gives a turn.
  std::size_t Offer(std::string_view octets);
  // What came since the last Take, without waiting. Gives a turn.
  std::string Take();
  // Up to so many octets of what came, without waiting. Gives a turn.
  std::string TakePiece(std::size_t most);
  // Reads whatever comes until `text` is in it, or the stream or the time is over; all that came so
  // far.
  const std::string& ReadUntil(std::string_view text);
  // Reads until the stream is over; false if it is not in time.
  bool ReadToEnd();
  // The stream ends: an orderly end, the same of our direction alone, or a reset.
  void Close();
  void EndWriting();
  // What is written to us from now on is refused, where the transport can: over ipc.
  void EndReading();
  void Reset();

 private:
  bool Read(const std::function<bool()>& enough);

  Turn turn_;
  int fd_ = -1;
  bool over_ = false;
  std::string heard_;
};

// Somebody who listens and does nothing by itself.
class RawListener {
 public:
  // At a tcp or ipc endpoint.
  explicit RawListener(std::string_view endpoint);
  ~RawListener();
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;

  bool listening() const { return fd_ >= 0; }
  // The next descriptor, the caller's; -1: none came in time.
  int Accept(const RawPeer::Turn& turn) const;
  // The same without waiting; -1: nobody is there now.
  int TryAccept() const;
  // With the port that the system chose, where it was to choose.
  std::string endpoint() const;

 private:
  int fd_ = -1;
  std::string path_;
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_RAW_PEER_H_
