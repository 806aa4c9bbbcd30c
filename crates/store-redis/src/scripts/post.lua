-- Appends a message. KEYS: messages, untold, repeat.
-- ARGV: ticket, change, most, is repeatable, fingerprint, at, forgotten before, picture, fields and values of the message.
local done = redis.call('HGET', KEYS[2], ARGV[1])
if done then
  return {'new', string.match(done, '^%d+')}
end
if ARGV[4] == '1' then
  local seen = redis.call('HMGET', KEYS[3], 'at', 'fingerprint', 'id', 'picture')
  if seen[1] and tonumber(seen[1]) > tonumber(ARGV[7]) then
    if seen[2] ~= ARGV[5] then
      return {'reused'}
    end
    return {'repeated', seen[3], seen[4]}
  end
end
-- The last place is remembered even when its message is gone: no number is given twice.
local place = redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[3], '0-*', unpack(ARGV, 9))
local id = string.sub(place, 3)
redis.call('HSET', KEYS[2], ARGV[1], id .. ' ' .. ARGV[2])
if ARGV[4] == '1' then
  redis.call('DEL', KEYS[3])
  redis.call('HSET', KEYS[3], 'at', ARGV[6], 'fingerprint', ARGV[5], 'id', id, 'picture', ARGV[8])
  redis.call('EXPIRE', KEYS[3], 86400)
end
return {'new', id}
