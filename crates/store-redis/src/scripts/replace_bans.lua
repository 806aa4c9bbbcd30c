-- Puts restored bans in force. KEYS: bans, ends, state, untold, restored, their ends, sign that they are there, aside.
-- Without the sign it was done before.
if redis.call('DEL', KEYS[7]) == 0 then
  return redis.call('EXISTS', KEYS[8])
end
local was = redis.call('EXISTS', KEYS[1])
if was == 1 then
  redis.call('RENAME', KEYS[1], KEYS[8])
end
redis.call('DEL', KEYS[2], KEYS[4])
for from = 5, 6 do
  if redis.call('EXISTS', KEYS[from]) == 1 then
    redis.call('RENAME', KEYS[from], KEYS[from - 4])
  end
end
redis.call('INCR', KEYS[3])
return was
