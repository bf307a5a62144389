// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Tells ThreadSanitizer of the order that GLib makes. GLib and GStreamer are not built with it, GMutex and GCond are
// futexes of GLib's own, and reference counts are plain atomics, so it sees none of them and would call every use after
// them a race. Loaded first (LD_PRELOAD) by tests/sanitize.sh thread; each function calls GLib's own and says what was
// acquired and released.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <glib-object.h>
#include <gst/gst.h>

void __tsan_acquire(void *);
void __tsan_release(void *);

#define REAL(name)               \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

void g_mutex_lock(GMutex *mutex) {
  REAL(g_mutex_lock);
  real(mutex);
  __tsan_acquire(mutex);
}

void g_mutex_unlock(GMutex *mutex) {
  REAL(g_mutex_unlock);
  __tsan_release(mutex);
  real(mutex);
}

gboolean g_mutex_trylock(GMutex *mutex) {
  REAL(g_mutex_trylock);
  const gboolean locked = real(mutex);
  if (locked) __tsan_acquire(mutex);
  return locked;
}

void g_cond_wait(GCond *cond, GMutex *mutex) {
  REAL(g_cond_wait);
  __tsan_release(mutex);
  real(cond, mutex);
  __tsan_acquire(mutex);
}

gboolean g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end_time) {
  REAL(g_cond_wait_until);
  __tsan_release(mutex);
  const gboolean signalled = real(cond, mutex, end_time);
  __tsan_acquire(mutex);
  return signalled;
}

// What goes through a queue was written before it came out. GLib locks these queues by calls within its own library,
// and a bus by a lock-free queue.
void g_async_queue_push(GAsyncQueue *queue, gpointer item) {
  REAL(g_async_queue_push);
  __tsan_release(queue);
  real(queue, item);
}

gpointer g_async_queue_pop(GAsyncQueue *queue) {
  REAL(g_async_queue_pop);
  gpointer item = real(queue);
  __tsan_acquire(queue);
  return item;
}

gpointer g_async_queue_try_pop(GAsyncQueue *queue) {
  REAL(g_async_queue_try_pop);
  gpointer item = real(queue);
  __tsan_acquire(queue);
  return item;
}

gpointer g_async_queue_timeout_pop(GAsyncQueue *queue, guint64 timeout) {
  REAL(g_async_queue_timeout_pop);
  gpointer item = real(queue, timeout);
  __tsan_acquire(queue);
  return item;
}

gint g_async_queue_length(GAsyncQueue *queue) {
  REAL(g_async_queue_length);
  const gint length = real(queue);
  __tsan_acquire(queue);
  return length;
}

gboolean gst_bus_post(GstBus *bus, GstMessage *message) {
  REAL(gst_bus_post);
  __tsan_release(bus);
  return real(bus, message);
}

GstMessage *gst_bus_timed_pop_filtered(GstBus *bus, GstClockTime timeout, GstMessageType types) {
  REAL(gst_bus_timed_pop_filtered);
  GstMessage *message = real(bus, timeout, types);
  __tsan_acquire(bus);
  return message;
}

GstMessage *gst_bus_pop_filtered(GstBus *bus, GstMessageType types) {
  REAL(gst_bus_pop_filtered);
  GstMessage *message = real(bus, types);
  __tsan_acquire(bus);
  return message;
}

GstMessage *gst_bus_timed_pop(GstBus *bus, GstClockTime timeout) {
  REAL(gst_bus_timed_pop);
  GstMessage *message = real(bus, timeout);
  __tsan_acquire(bus);
  return message;
}

GstMessage *gst_bus_pop(GstBus *bus) {
  REAL(gst_bus_pop);
  GstMessage *message = real(bus);
  __tsan_acquire(bus);
  return message;
}

// A recursive mutex is memory that another thread allocated.
void g_rec_mutex_init(GRecMutex *mutex) {
  REAL(g_rec_mutex_init);
  real(mutex);
  __tsan_release(mutex);
}

void g_rec_mutex_lock(GRecMutex *mutex) {
  REAL(g_rec_mutex_lock);
  __tsan_acquire(mutex);
  real(mutex);
}

// What is done on a thread of a pool, which may be an old one, comes after what asked for it.
typedef struct {
  GFunc function;
  gpointer data;
} Work;

static void work(gpointer task, gpointer data) {
  const Work *pool = data;
  __tsan_acquire(task);
  pool->function(task, pool->data);
}

GThreadPool *g_thread_pool_new(GFunc function, gpointer data, gint max_threads, gboolean exclusive, GError **error) {
  REAL(g_thread_pool_new);
  Work *pool = g_new(Work, 1);  // as long as the process: a pool may end before its threads
  *pool = (Work){function, data};
  return real(work, pool, max_threads, exclusive, error);
}

gboolean g_thread_pool_push(GThreadPool *pool, gpointer task, GError **error) {
  REAL(g_thread_pool_push);
  __tsan_release(task);
  return real(pool, task, error);
}

typedef struct {
  GstElementCallAsyncFunc function;
  gpointer data;
  GDestroyNotify destroy;
} Call;

static void call(GstElement *element, gpointer data) {
  const Call *asked = data;
  __tsan_acquire(element);
  asked->function(element, asked->data);
}

static void end_call(gpointer data) {
  Call *asked = data;
  if (asked->destroy) asked->destroy(asked->data);
  g_free(asked);
}

void gst_element_call_async(GstElement *element, GstElementCallAsyncFunc function, gpointer data,
                            GDestroyNotify destroy) {
  REAL(gst_element_call_async);
  Call *asked = g_new(Call, 1);
  *asked = (Call){function, data, destroy};
  __tsan_release(element);
  real(element, call, asked, end_call);
}

// What the last owner does to an object comes after all that the owners before it did.
void g_object_unref(gpointer object) {
  REAL(g_object_unref);
  __tsan_release(object);
  __tsan_acquire(object);
  real(object);
}

void gst_object_unref(gpointer object) {
  REAL(gst_object_unref);
  __tsan_release(object);
  __tsan_acquire(object);
  real(object);
}

void gst_mini_object_unref(GstMiniObject *object) {
  REAL(gst_mini_object_unref);
  __tsan_release(object);
  __tsan_acquire(object);
  real(object);
}

void g_bytes_unref(GBytes *bytes) {
  REAL(g_bytes_unref);
  __tsan_release(bytes);
  __tsan_acquire(bytes);
  real(bytes);
}
