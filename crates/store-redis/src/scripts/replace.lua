-- Puts restored messages in force. KEYS: messages, restored, untold, aside. ARGV: most.
-- Without restored ones it was done before.
if redis.call('EXISTS', KEYS[2]) == 0 then
  return redis.call('EXISTS', KEYS[4])
end
local was = redis.call('EXISTS', KEYS[1])
if was == 1 then
  redis.call('RENAME', KEYS[1], KEYS[4])
end
redis.call('XTRIM', KEYS[2], 'MAXLEN', ARGV[1])
redis.call('RENAME', KEYS[2], KEYS[1])
redis.call('DEL', KEYS[3])
return was
